// What a reload keeps of the definitions of before.
#include "config/keep.hpp"

#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::AllOf;
using testing::Contains;
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
    std::vector<VmChangePlan> kept;

    // The daemon's start, and each reload after it.
    void read(std::vector<FileText> const& files) {
        load(files);
        kept.clear();
        if (result.ok && !result.trusted_errors) {
            kept = keep_applied(result, applied);
            applied = result.definitions;
        }
    }
    [[nodiscard]] auto owner_of(std::string const& name) const -> uid_t { return vm(name).file_owner; }
    [[nodiscard]] auto kept_names() const -> std::vector<std::string> {
        std::vector<std::string> all;
        for (auto const& plan : kept) {
            EXPECT_EQ(plan.action, ChangeAction::kept);
            EXPECT_EQ(plan.effect, ChangeEffect::none);
            all.push_back(plan.name);
        }
        return all;
    }
};

TEST_F(Keep, NothingIsWrongNothingIsKept) {
    read({{"root", 0, text_of("a") + text_of("b")}});
    read({{"root", 0, text_of("b")}});
    EXPECT_THAT(names(), ElementsAre("b"));
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(kept, IsEmpty());
}

TEST_F(Keep, AFileThatIsWrongKeepsItsVms) {
    read(
        {{"root", 0, text_of("r")}, {"alice", alice, text_of("a1") + text_of("a2", "2G")}, {"bob", bob, text_of("b")}});
    read({{"root", 0, text_of("new")}, {"alice", alice, broken}, {"bob", bob, ""}});
    EXPECT_THAT(names(), ElementsAre("new", "a1", "a2"));
    EXPECT_EQ(vm("a2").memory_text, "2G");
    EXPECT_THAT(warnings(), ElementsAre(AllOf(HasSubstr("alice: warning: of the files of uid 1001 nothing is taken"),
                                              HasSubstr("(VM a1, a2)"))));
    EXPECT_THAT(kept_names(), ElementsAre("a1", "a2"));
    EXPECT_THAT(kept.at(0).why, HasSubstr("alice:1:4: error: "));
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

// One wrong VM: nothing of hers is new, changed or gone, in none of her files.
TEST_F(Keep, AllOrNothing) {
    read({{"one", alice, text_of("wrong") + text_of("changes")},
          {"two", alice, text_of("goes")},
          {"bob", bob, text_of("b")}});
    read({{"one", alice, "vm wrong { loader = uefi; }" + text_of("changes", "2G")},
          {"two", alice, text_of("new")},
          {"bob", bob, text_of("b", "2G")}});
    EXPECT_THAT(names(), UnorderedElementsAre("wrong", "changes", "goes", "b"));
    EXPECT_EQ(vm("changes").memory_text, "1G");
    EXPECT_EQ(vm("b").memory_text, "2G");
    EXPECT_THAT(kept_names(), UnorderedElementsAre("wrong", "changes", "goes"));
    EXPECT_THAT(kept.at(0).why, HasSubstr("one:1:1: error: vm wrong: memory"));
}

TEST_F(Keep, AWarningIsNoError) {
    read({{"alice", alice, text_of("a")}});
    read({{"alice", alice, "vm a { memory = 2G; loader = uefi; $x = 1; $x += 2; }"}});
    EXPECT_THAT(warnings(), Not(IsEmpty()));
    EXPECT_EQ(vm("a").memory_text, "2G");
    EXPECT_THAT(kept, IsEmpty());
}

TEST_F(Keep, NorIsWhatLosesNothing) {
    read({{"alice", alice, text_of("a")}});
    read({{"alice", alice, "global { $x = 1; }" + text_of("a", "2G")}});
    EXPECT_THAT(errors(), testing::ElementsAre(HasSubstr("a global section is not allowed")));
    EXPECT_EQ(vm("a").memory_text, "2G");
    EXPECT_THAT(kept, IsEmpty());
}

TEST_F(Keep, RootsErrorsAreTold) {
    read({{"root", 0, text_of("a")}});
    read({{"root", 0, "vm a { loader = uefi; }" + text_of("b", "2G")}});
    EXPECT_TRUE(result.ok);
    EXPECT_TRUE(result.trusted_errors);
    EXPECT_THAT(result.owners_with_errors, IsEmpty());
}

// What she makes of a template of root's is her trouble.
TEST_F(Keep, AnErrorThroughRootsTemplateIsTheUsers) {
    std::string const root = "template t { memory = $x; }" + text_of("r");
    read({{"root", 0, root}, {"alice", alice, text_of("a")}});
    read({{"root", 0, root}, {"alice", alice, "vm a { loader = uefi; x = lots; .apply t; }"}});
    EXPECT_THAT(errors(), Not(IsEmpty()));
    EXPECT_FALSE(result.trusted_errors);
    EXPECT_THAT(kept_names(), ElementsAre("a"));
    EXPECT_THAT(names(), ElementsAre("r", "a"));
}

TEST_F(Keep, MoreErrorsThanAreShownAreErrors) {
    read({{"alice", alice, text_of("a")}, {"bob", bob, text_of("b")}});
    std::vector<FileText> files;
    for (unsigned i = 0; i < 6; ++i) {
        std::string text;
        for (unsigned n = 0; n < Diagnostics::most_of_one_other_file; ++n) {
            text += "vm a" + std::to_string(i * 1000 + n) + " { loader = uefi; }\n";
        }
        files.push_back({"alice" + std::to_string(i), alice, text});
    }
    files.push_back({"bob", bob, "vm b { loader = uefi; }"});
    read(files);
    EXPECT_THAT(names(), UnorderedElementsAre("a", "b"));
}

TEST_F(Keep, ManyAreNotAllNamed) {
    std::string text;
    for (unsigned i = 0; i < 8; ++i) {
        text += text_of("a" + std::to_string(i));
    }
    read({{"alice", alice, text}});
    read({{"alice", alice, broken}});
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("(VM a0, a1, a2, a3, a4 and 3 more)")));
    EXPECT_EQ(kept.size(), 8U);
}

TEST_F(Keep, WhoHasNothingYetHasNothing) {
    read({{"root", 0, text_of("r")}});
    read({{"root", 0, text_of("r")}, {"alice", alice, text_of("a") + "vm b { loader = uefi; }"}});
    EXPECT_THAT(names(), ElementsAre("r"));
    EXPECT_THAT(kept, IsEmpty());
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr("nothing is taken until that is mended")));
}

TEST_F(Keep, NobodyElseTakesItsName) {
    read({{"alice", alice, text_of("web")}, {"bob", bob, ""}});
    read({{"alice", alice, broken}, {"bob", bob, text_of("b") + text_of("WEB")}});
    EXPECT_THAT(names(), ElementsAre("b", "web"));
    EXPECT_EQ(owner_of("web"), alice);
    EXPECT_EQ(result.ids.size(), 1U);
    EXPECT_THAT(errors(), Contains(HasSubstr("bob:2:1: error: vm WEB: name: there is a VM 'WEB' already")));
    EXPECT_THAT(errors(), Not(Contains(AllOf(HasSubstr("bob"), HasSubstr("alice")))));
}

TEST_F(Keep, RootTakesIt) {
    read({{"root", 0, ""}, {"alice", alice, text_of("web")}});
    read({{"root", 0, text_of("web", "2G")}, {"alice", alice, broken}});
    EXPECT_THAT(names(), ElementsAre("web"));
    EXPECT_EQ(owner_of("web"), 0U);
    EXPECT_THAT(kept, IsEmpty());
}

// Bob's wrong definition of a name that Alice has: hers stays.
TEST_F(Keep, AWrongDefinitionTakesNoName) {
    read({{"bob", bob, ""}, {"alice", alice, text_of("web")}});
    read({{"bob", bob, "vm web { loader = uefi; }"}, {"alice", alice, text_of("web")}});
    EXPECT_THAT(names(), ElementsAre("web"));
    EXPECT_EQ(owner_of("web"), alice);
}

// Nor does one that is right, though it is read first: who has a name keeps it. All else of his is taken.
TEST_F(Keep, WhoComesFirstTakesNoNameThatSomebodyHas) {
    read({{"bob", bob, text_of("b")}, {"alice", alice, text_of("web")}});
    read({{"bob", bob, text_of("b", "2G") + text_of("web")}, {"alice", alice, text_of("web", "2G") + text_of("new")}});
    EXPECT_EQ(owner_of("web"), alice);
    EXPECT_EQ(vm("web").memory_text, "1G");
    EXPECT_EQ(vm("b").memory_text, "2G");
    EXPECT_THAT(names(), UnorderedElementsAre("b", "new", "web"));
    EXPECT_THAT(kept_names(), ElementsAre("web"));
    EXPECT_THAT(errors(), Contains(HasSubstr("bob:2:1: error: vm web: name: there is a VM 'web' already")));
    // She gives it up: then it is his.
    read({{"bob", bob, text_of("web")}, {"alice", alice, ""}});
    EXPECT_EQ(owner_of("web"), bob);
}

TEST_F(Keep, NobodyBlocksAnotherByANameOfHis) {
    read({{"bob", bob, text_of("web")}, {"alice", alice, text_of("a")}});
    read({{"bob", bob, text_of("web")}, {"alice", alice, text_of("a", "2G") + text_of("web")}});
    EXPECT_EQ(vm("a").memory_text, "2G");
    EXPECT_EQ(owner_of("web"), bob);
    EXPECT_THAT(result.owners_with_errors, IsEmpty());
    EXPECT_THAT(kept, IsEmpty());
}

TEST_F(Keep, TwoOfOnesOwnAreAnError) {
    read({{"alice", alice, text_of("a")}});
    read({{"alice", alice, text_of("a", "2G") + text_of("A")}});
    EXPECT_EQ(vm("a").memory_text, "1G");
    EXPECT_THAT(kept_names(), ElementsAre("a"));
}

}  // namespace
}  // namespace apiary::config
