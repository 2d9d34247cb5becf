// Who holds which rights: the whole matrix.
#include "bus/authority.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace apiary::bus {
namespace {

constexpr uid_t owner = 1000, stranger = 2000, observer = 3000, member = 4000, master = 5000;
constexpr gid_t observers = 77, group = 88;
Rights const nothing, everything = Rights::all();
Rights const only_see = Rights{}.with(Right::see), all_but_admin = Rights::all().without(Right::admin);

struct Case {
    char const* who;
    Caller caller;
    Rights on_hidden, on_open, on_hidden_with_group, everywhere;
};

class AuthorityMatrix : public ::testing::TestWithParam<Case> {};

TEST_P(AuthorityMatrix, gives) {
    auto const& [who, caller, on_hidden, on_open, on_hidden_with_group, everywhere] = GetParam();
    Authority const authority{{.observers = observers, .master = {}}};
    EXPECT_EQ(authority.on_vm(caller, {owner, {}, Visibility::owner}), on_hidden);
    EXPECT_EQ(authority.on_vm(caller, {owner, {}, Visibility::all}), on_open);
    EXPECT_EQ(authority.on_vm(caller, {owner, group, Visibility::owner}), on_hidden_with_group);
    EXPECT_EQ(authority.everywhere(caller), everywhere);
}

INSTANTIATE_TEST_SUITE_P(
    , AuthorityMatrix,
    ::testing::Values(
        Case{"root", {0, {0}}, everything, everything, everything, everything},
        Case{"owner", {owner, {owner}}, all_but_admin, all_but_admin, all_but_admin, nothing},
        Case{"stranger", {stranger, {stranger}}, nothing, only_see, nothing, nothing},
        Case{"observer", {observer, {observer, observers}}, only_see, only_see, only_see, only_see},
        Case{"member", {member, {1, group}}, nothing, only_see, all_but_admin, nothing},
        Case{"memberAndObserver", {member, {group, observers}}, only_see, only_see, all_but_admin, only_see},
        Case{"uidLikeTheGroup", {group, {1}}, nothing, only_see, nothing, nothing},
        Case{"groupLikeTheOwner", {stranger, {owner}}, nothing, only_see, nothing, nothing},
        Case{"nobodyKnown", {stranger, {}}, nothing, only_see, nothing, nothing}),
    [](auto const& info) { return std::string{info.param.who}; });

TEST(Authority, withoutAnObserversGroupNobodyIsAnObserver) {
    Authority const authority{{}};
    EXPECT_EQ(authority.everywhere({observer, {0, observers}}), nothing);
}

TEST(Authority, theUserOfASessionBusHoldsAll) {
    Authority const authority{{.observers = {}, .master = master}};
    EXPECT_EQ(authority.everywhere({master, {}}), everything);
    EXPECT_EQ(authority.on_vm({master, {}}, {owner, {}, Visibility::owner}), everything);
    EXPECT_EQ(authority.everywhere({stranger, {}}), nothing);
}

// Whatever the VMs and the configuration say: there it is one user's own daemon.
TEST(Authority, ofASessionBusGivesOthersNothing) {
    Authority const authority{{.observers = observers, .master = master}};
    for (Caller const& caller : {Caller{owner, {}}, Caller{member, {group}}, Caller{observer, {observers}}}) {
        EXPECT_FALSE(authority.admits(caller));
        EXPECT_EQ(authority.everywhere(caller), nothing);
        EXPECT_EQ(authority.on_vm(caller, {owner, group, Visibility::all}), nothing);
    }
    EXPECT_TRUE(authority.admits({master, {}}));
    EXPECT_TRUE(authority.admits({0, {}}));
    EXPECT_EQ(authority.on_vm({0, {}}, {owner, {}, Visibility::owner}), everything);
    EXPECT_TRUE((Authority{{.observers = {}, .master = {}}}.admits({stranger, {}})));
}

TEST(Authority, eventsOfTheDaemonAreForThoseWhoSeeEverything) {
    Authority const authority{{.observers = observers, .master = {}}};
    Event event;
    event.audience = {owner, {}, Visibility::all};
    EXPECT_FALSE(authority.may_see({owner, {}}, event));
    EXPECT_TRUE(authority.may_see({0, {}}, event));
    EXPECT_TRUE(authority.may_see({observer, {observers}}, event));
    event.vm = "one";
    EXPECT_TRUE(authority.may_see({stranger, {}}, event));
    event.audience.visibility = Visibility::owner;
    EXPECT_FALSE(authority.may_see({stranger, {}}, event));
}

TEST(Rights, areNamedInOrder) {
    EXPECT_EQ(Rights::all().words(),
              (std::vector<std::string>{"see", "console-read", "console-write", "operate", "admin"}));
    EXPECT_TRUE(Rights{}.words().empty());
}

}  // namespace
}  // namespace apiary::bus
