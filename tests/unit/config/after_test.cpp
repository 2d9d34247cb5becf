// `after`: names, circles, and whose trouble they are.
#include "config/circles.hpp"
#include "config/keep.hpp"
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct After : Fixture {
    static auto vm_of(std::string const& name, std::string const& body) -> std::string {
        return "vm " + name + " { memory = 1G; loader = uefi; " + body + " }\n";
    }
    void load_both(std::string const& roots, std::string const& hers) {
        load({{"main.conf", 0, roots}, {"alice.conf", alice, hers}});
    }
};

TEST_F(After, IsAList) {
    load(vm_of("a", "") + vm_of("b", "") + vm_of("c", "after = a, B; after += a;"));
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(vm("c").after, ElementsAre("a", "b"));  // as they are called, each once
    EXPECT_THAT(vm("a").after, IsEmpty());
    load(vm_of("a", "") + vm_of("b", "") + vm_of("c", "after = a; after = b;"));
    EXPECT_THAT(vm("c").after, ElementsAre("b"));
}

TEST_F(After, TakesNamesOnly) {
    load(vm_of("a", "after = '', '/', 'x/y', -x;"));
    EXPECT_EQ(errors().size(), 4U);
    EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(After, WhoIsNotThereIsAnError) {
    load(vm_of("data", "") + vm_of("web", "after = data,\n dta;") + vm_of("mail", "after = data;"));
    EXPECT_THAT(errors(),
                ElementsAre("main.conf:3:2: error: vm web: after: there is no VM 'dta'; did you mean 'data'?"));
    EXPECT_THAT(names(), ElementsAre("data", "mail"));
    EXPECT_THAT(result.dropped_vms, ElementsAre("web"));
    EXPECT_TRUE(result.trusted_errors);
}

// Its trouble is its own.
TEST_F(After, WhoIsWrongIsThere) {
    load("vm data { loader = uefi; }\n" + vm_of("web", "after = data;"));
    EXPECT_EQ(errors().size(), 1U);
    EXPECT_THAT(errors().at(0), HasSubstr("vm data: memory"));
    EXPECT_THAT(vm("web").after, ElementsAre("data"));
}

TEST_F(After, ACircleIsToldWhole) {
    load(vm_of("a", "after = b;") + vm_of("b", "after = x, c;") + vm_of("c", "after = a;") + vm_of("x", "") +
         vm_of("web", "after = a;"));
    EXPECT_THAT(errors(),
                ElementsAre("main.conf:1:44: error: vm a: after: VMs that wait for one another: a -> b -> c -> a",
                            "main.conf:2:47: error: vm b: after: VMs that wait for one another: b -> c -> a -> b",
                            "main.conf:3:44: error: vm c: after: VMs that wait for one another: c -> a -> b -> c"));
    EXPECT_THAT(names(), ElementsAre("x", "web"));
    load(vm_of("a", "after = A;"));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("vm a: after: VMs that wait for one another: a -> a")));
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(After, ALongCircleIsToldShort) {
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        text += vm_of("v" + std::to_string(i), "after = v" + std::to_string((i + 1) % 3000) + ";");
    }
    load(text);
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(errors().at(0), HasSubstr("v0 -> v1 -> v2"));
    EXPECT_THAT(errors().at(0), HasSubstr(" -> (2980 more) -> v0"));
}

TEST_F(After, AUserNamesWhomHeMaySee) {
    auto const roots = vm_of("hidden", "") + vm_of("open", "visibility = all;") + vm_of("given", "owner = alice;") +
                       vm_of("shared", "owner = bob:staff;") + vm_of("foreign", "owner = bob:games;");
    load_both(roots, vm_of("hers", "after = open, given, shared;"));
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(vm("hers").after, ElementsAre("open", "given", "shared"));
    // What she may not see and what is not there are told alike, and cost her nothing but their effect.
    load_both(roots, vm_of("hers", "after = hidden, open;"));
    auto const hidden = errors();
    load_both(vm_of("other", "") + vm_of("open", "visibility = all;"), vm_of("hers", "after = hidden, open;"));
    EXPECT_EQ(errors(), hidden);
    EXPECT_THAT(hidden,
                ElementsAre("alice.conf:1:47: error: vm hers: after: there is no VM 'hidden'; this has no effect"));
    EXPECT_THAT(vm("hers").after, ElementsAre("open"));
    EXPECT_THAT(result.owners_with_errors, IsEmpty());
    load_both("global { observers = staff; }\n" + roots, vm_of("hers", "after = hidden, foreign;"));
    EXPECT_THAT(vm("hers").after, ElementsAre("hidden", "foreign"));
}

TEST_F(After, NobodyIsSuggestedWhomSheMayNotSee) {
    load_both(vm_of("database", ""), vm_of("hers", "after = databas;"));
    EXPECT_THAT(errors(), ElementsAre(Not(HasSubstr("mean"))));
}

TEST_F(After, RootsTemplateMayNameWhomItLikes) {
    load_both("template t { after = hidden; }\n" + vm_of("hidden", ""), vm_of("hers", ".apply t;"));
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(vm("hers").after, ElementsAre("hidden"));
}

// A user who takes his VM away, or puts it after one of root's, refuses nobody anything.
TEST_F(After, NobodyHoldsUpAnother) {
    auto const roots = vm_of("web", "after = hers, db; visibility = all;") + vm_of("db", "");
    load_both(roots, vm_of("hers", "after = web;"));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("alice.conf:1:47: error: vm hers: after: VM 'web' is, directly or not, "
                                                "after this one: this has no effect")));
    EXPECT_THAT(vm("web").after, ElementsAre("hers", "db"));
    EXPECT_THAT(vm("hers").after, IsEmpty());
    EXPECT_FALSE(result.trusted_errors);
    EXPECT_THAT(result.owners_with_errors, IsEmpty());
    load_both(roots, vm_of("hers2", ""));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("main.conf:1:46: error: vm web: after: there is no VM 'hers'")));
    EXPECT_THAT(vm("web").after, ElementsAre("db"));
    EXPECT_FALSE(result.trusted_errors);
}

TEST_F(After, AUsersOwnCircleIsHisTrouble) {
    load_both(vm_of("web", ""), vm_of("a", "after = b;") + vm_of("b", "after = a;") + vm_of("c", ""));
    EXPECT_EQ(errors().size(), 2U);
    EXPECT_THAT(names(), ElementsAre("web", "c"));
    EXPECT_THAT(result.owners_with_errors, ElementsAre(alice));
    EXPECT_FALSE(result.trusted_errors);
}

TEST_F(After, ADefinitionOfBeforeIsTakenWithTodaysOrder) {
    auto const web = vm_of("web", "after = hers;");
    load_both(web, vm_of("hers", ""));
    auto const before = result.definitions;
    options.definitions_before = &before;
    load_both(web, vm_of("hers", ""));
    EXPECT_EQ(result.definitions.at(0), before.at(0));  // the very same
    load_both(web, vm_of("other", ""));
    EXPECT_THAT(vm("web").after, IsEmpty());
    EXPECT_THAT(before.at(0)->after, ElementsAre("hers"));
    EXPECT_TRUE(same_settings(vm("web"), *before.at(0)));  // nothing has changed for it
}

TEST_F(After, MaxStarting) {
    load("");
    EXPECT_EQ(result.globals.max_starting, std::nullopt);
    load("global { max_starting = 12; }");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(result.globals.max_starting, 12U);
    for (auto const* const wrong : {"0", "10001", "-1", "x", "''", "2.5"}) {
        load(std::string{"global { max_starting = "} + wrong + "; }");
        EXPECT_THAT(errors(), ElementsAre(HasSubstr("a whole number from 1 to 10000 is needed"))) << wrong;
        EXPECT_EQ(result.globals.max_starting, std::nullopt) << wrong;
    }
}

// Against the plain definition: a node is in a circle when it can be reached from itself.
TEST(Circles, AreThoseThatThereAre) {
    unsigned seed = 1;
    auto const pick = [&seed](unsigned below) { return (seed = seed * 1103515245U + 12345U) / 65536U % below; };
    for (int round = 0; round < 300; ++round) {
        constexpr std::size_t count = 8;
        Edges edges(count);
        for (unsigned links = pick(14); links-- != 0;) {
            edges[pick(count)].push_back(pick(count));
        }
        bool reach[count][count] = {};
        for (std::size_t i = 0; i < count; ++i) {
            for (auto const to : edges[i]) {
                reach[i][to] = true;
            }
        }
        for (std::size_t k = 0; k < count; ++k) {
            for (std::size_t i = 0; i < count; ++i) {
                for (std::size_t j = 0; j < count; ++j) {
                    reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
                }
            }
        }
        Circles const circles{edges};
        for (std::size_t i = 0; i < count; ++i) {
            EXPECT_EQ(circles.contain(i), reach[i][i]);
            for (std::size_t j = 0; j < count; ++j) {
                EXPECT_EQ(circles.are_in_one(i, j), reach[i][j] && reach[j][i] && reach[i][i]);
            }
            if (!circles.contain(i)) {
                continue;
            }
            auto const way = circles.way_around(i);
            ASSERT_GE(way.size(), 2U);
            EXPECT_EQ(way.front(), i);
            EXPECT_EQ(way.back(), i);
            for (std::size_t step = 0; step + 1 < way.size(); ++step) {
                EXPECT_NE(std::ranges::find(edges[way[step]], way[step + 1]), edges[way[step]].end());
            }
        }
    }
}

}  // namespace
}  // namespace apiary::config
