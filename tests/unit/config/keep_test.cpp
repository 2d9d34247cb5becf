// What a reload keeps of the definitions of before.
#include "config/keep.hpp"

#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

auto text_of(std::string const& name, std::string const& memory = "1G") -> std::string {
    return "vm " + name + " { memory = " + memory + "; loader = uefi; }\n";
}
constexpr auto broken = "vm {";

struct Keep : Fixture {
    std::vector<DefinitionPtr> applied;

    // The daemon's start, and each reload after it.
    void read(std::vector<FileText> const& files) {
        load(files);
        if (result.ok) {
            keep_dropped(result, applied);
            applied = result.definitions;
        }
    }
    [[nodiscard]] auto owner_of(std::string const& name) const -> uid_t { return vm(name).file_owner; }
};

TEST_F(Keep, NothingIsDroppedNothingIsKept) {
    read({{"root", 0, text_of("a") + text_of("b")}});
    read({{"root", 0, text_of("b")}});
    EXPECT_THAT(names(), ElementsAre("b"));
    EXPECT_THAT(said(), IsEmpty());
}

TEST_F(Keep, AFileThatIsWrongKeepsItsVms) {
    read(
        {{"root", 0, text_of("r")}, {"alice", alice, text_of("a1") + text_of("a2", "2G")}, {"bob", bob, text_of("b")}});
    read({{"root", 0, text_of("new")}, {"alice", alice, broken}, {"bob", bob, ""}});
    EXPECT_THAT(names(), ElementsAre("new", "a1", "a2"));
    EXPECT_EQ(vm("a2").memory_text, "2G");
    EXPECT_THAT(warnings(), UnorderedElementsAre(HasSubstr("alice: warning: vm a1: it keeps"), HasSubstr("vm a2: ")));
    EXPECT_EQ(result.ids.size(), 1U);
}

TEST_F(Keep, ForAsLongAsItIsWrong) {
    read({{"alice", alice, text_of("a")}});
    read({{"alice", alice, broken}});
    read({{"alice", alice, "template t { } template t { }" + text_of("a", "2G")}});
    EXPECT_EQ(vm("a").memory_text, "1G");
    read({{"alice", alice, text_of("a", "2G")}});
    EXPECT_EQ(vm("a").memory_text, "2G");
    read({{"alice", alice, ""}});
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Keep, AVmThatIsWrongKeepsWhatItHas) {
    read({{"root", 0, text_of("a") + text_of("b")}});
    read({{"root", 0, "vm A { loader = uefi; }" + text_of("b", "2G")}});
    EXPECT_THAT(names(), ElementsAre("b", "a"));
    EXPECT_EQ(vm("a").memory_text, "1G");
    EXPECT_EQ(vm("b").memory_text, "2G");
    EXPECT_THAT(result.dropped_vms, ElementsAre("A"));
}

TEST_F(Keep, ByItsNameNotItsSection) {
    read({{"root", 0, "vm s { name = web; memory = 1G; loader = uefi; }"}});
    read({{"root", 0, "vm s { name = web; loader = uefi; }"}});
    EXPECT_THAT(names(), ElementsAre("web"));
}

TEST_F(Keep, ANewVmThatIsWrongIsNotThere) {
    read({{"root", 0, text_of("a")}});
    read({{"root", 0, text_of("a") + "vm b { loader = uefi; }"}});
    EXPECT_THAT(names(), ElementsAre("a"));
}

TEST_F(Keep, NobodyElseTakesItsName) {
    read({{"alice", alice, text_of("web")}, {"bob", bob, ""}});
    read({{"alice", alice, broken}, {"bob", bob, text_of("b") + text_of("WEB")}});
    EXPECT_THAT(names(), ElementsAre("b", "web"));
    EXPECT_EQ(owner_of("web"), alice);
    EXPECT_EQ(result.ids.size(), 1U);
    EXPECT_THAT(errors(), testing::Contains(HasSubstr("bob:2:1: error: vm WEB: name: there is a VM 'WEB' already")));
    EXPECT_THAT(errors(), Not(testing::Contains(testing::AllOf(HasSubstr("bob"), HasSubstr("alice")))));
}

TEST_F(Keep, RootTakesIt) {
    read({{"root", 0, ""}, {"alice", alice, text_of("web")}});
    read({{"root", 0, text_of("web", "2G")}, {"alice", alice, broken}});
    EXPECT_THAT(names(), ElementsAre("web"));
    EXPECT_EQ(owner_of("web"), 0U);
    EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(Keep, HerselfInAnotherFile) {
    read({{"one", alice, text_of("web")}, {"two", alice, ""}});
    read({{"one", alice, broken}, {"two", alice, text_of("web", "2G")}});
    EXPECT_EQ(vm("web").memory_text, "2G");
    EXPECT_THAT(names(), ElementsAre("web"));
}

// Bob's wrong definition of a name that Alice has: hers stays.
TEST_F(Keep, AWrongDefinitionTakesNoName) {
    read({{"bob", bob, ""}, {"alice", alice, text_of("web")}});
    read({{"bob", bob, "vm web { loader = uefi; }"}, {"alice", alice, text_of("web")}});
    EXPECT_THAT(names(), ElementsAre("web"));
    EXPECT_EQ(owner_of("web"), alice);
}

}  // namespace
}  // namespace apiary::config
