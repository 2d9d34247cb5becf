// Nothing that a file says can take the daemon's memory or time.
#include "config/evaluate.hpp"
#include "config/text.hpp"
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Bounds : Fixture {};

auto times(unsigned count, std::string const& text) -> std::string {
    std::string out;
    for (unsigned i = 0; i < count; ++i) {
        out += text;
    }
    return out;
}

TEST_F(Bounds, VariablesCannotGrowWithoutEnd) {
    load_vm("$a = xxxxxxxxxxxxxxxx;\n" + times(40, "$a = \"$a$a\";") + "loadcmd = $a;");
    EXPECT_EQ(vm().loadcmd->size(), longest_value);
    ASSERT_FALSE(errors().empty());
    EXPECT_THAT(errors().front(), HasSubstr("main.conf:3:153: error: vm v: the value is longer than 64 KiB"));
}

TEST_F(Bounds, TemplatesCannotFanOut) {
    std::string source = "vm v { memory = 1G; loader = uefi; .apply t0; }\n";
    for (int i = 0; i < 60; ++i) {
        std::string const next = "t" + std::to_string(i + 1);
        source += "template t" + std::to_string(i) + " { .apply " + next + "; .apply " + next + "; }\n";
    }
    load(source + "template t60 { ncpu = 2; }");
    EXPECT_EQ(vm().cpus.sockets, 2U);
    EXPECT_EQ(errors().size(), 60U);
}

TEST_F(Bounds, TemplatesMayBeDeepButNotBottomless) {
    auto const chain = [](int depth) {
        std::string source = "vm v { memory = 1G; loader = uefi; .apply t0; }\n";
        for (int i = 0; i < depth; ++i) {
            source += "template t" + std::to_string(i) + " { .apply t" + std::to_string(i + 1) + "; }\n";
        }
        return source + "template t" + std::to_string(depth) + " { ncpu = 2; }";
    };
    load(chain(999));
    EXPECT_EQ(vm().cpus.sockets, 2U);
    load(chain(20000));
    EXPECT_EQ(vm().cpus.sockets, 1U);
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("nested more than 1000 deep")));
}

TEST_F(Bounds, AKeyThatNobodyKnowsIsNotedWhereThereIsTooMuchToTellToo) {
    load_vm("ncpu = many;");
    EXPECT_FALSE(result.unknown_keys);
    load_vm(times(Diagnostics::most, "ncpu = many;") + "colour = red;");
    EXPECT_THAT(errors(), testing::Not(testing::Contains(HasSubstr("colour"))));
    EXPECT_TRUE(result.unknown_keys);
}

TEST_F(Bounds, AUserHasABudget) {
    std::string const heavy = "template t { " + times(5000, "ncpu = 2;") + " }\n";
    std::string many;
    for (int i = 0; i < 200; ++i) {
        many += "vm a" + std::to_string(i) + " { memory = 1G; loader = uefi; .apply t; }\n";
    }
    load({{"alice.conf", alice, heavy + many},
          {"bob.conf", bob, "vm b { memory = 1G; loader = uefi; }"},
          {"main.conf", 0, "vm r { memory = 1G; loader = uefi; }"}});
    EXPECT_TRUE(result.ok);
    EXPECT_GT(result.definitions.size(), 5U);
    EXPECT_LT(result.definitions.size(), 50U);
    EXPECT_EQ(vm("b").cpus.sockets, 1U);
    EXPECT_EQ(vm("r").cpus.sockets, 1U);
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("too large together")));
}

TEST_F(Bounds, ABudgetAlsoHoldsForBytes) {
    std::string const heavy = "template t { $a = '" + std::string(60000, 'x') + "'; " + times(500, "$b = $a;") + " }\n";
    load({{"alice.conf", alice, heavy + vm_text(".apply t;") + "vm w { memory = 1G; loader = uefi; }"}});
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("too large together")));
}

TEST_F(Bounds, MessagesAreBounded) {
    load_vm(times(5000, "x = 1;"));
    EXPECT_EQ(errors().size(), Diagnostics::most);
    EXPECT_THAT(warnings(), ElementsAre("warning: 4000 more messages are not shown"));
}

TEST_F(Bounds, AUserCannotDrownRootsMessages) {
    std::vector<FileText> files;
    for (unsigned i = 0; i < 20; ++i) {
        std::string const n = std::to_string(i);
        files.push_back(
            {"u" + n, alice + i, "vm u" + n + " { memory = 1G; loader = uefi; " + times(500, "x = 1;") + "}"});
    }
    files.push_back({"main.conf", 0, vm_text("oops = 1;")});
    load(files);
    EXPECT_EQ(errors().size(), Diagnostics::most_of_others + 1);
    EXPECT_THAT(errors().back(), HasSubstr("main.conf:2:1: error: vm v: unknown key 'oops'"));
}

TEST_F(Bounds, ManyValuesAndVms) {
    load_vm("disk = noexist:/first" + times(5000, ",\nnoexist:/d") + ";\nncpu = x;");
    EXPECT_EQ(vm().disks.size(), 5001U);
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("main.conf:5003:8: error: vm v: ncpu")));
    std::string source;
    for (int i = 0; i < 2000; ++i) {
        source += "vm g" + std::to_string(i) + " { memory = 1G; loader = uefi; }\n";
    }
    load(source);
    EXPECT_EQ(result.definitions.size(), 2000U);
    EXPECT_EQ(result.ids.back(), 1999U);
}

TEST_F(Bounds, MessagesCannotUpsetATerminal) {
    load_vm("loader = \"\\033[31m\\n\xC3\xB6\xFF\xE2\x80\xAE\";");
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("invalid value '\\x1b[31m\\n\xC3\xB6\\xff\\xe2\\x80\\xae'")));
    load_vm("loader = '" + std::string(1000, 'x') + "';");
    EXPECT_LT(errors().at(0).size(), 250U);
}

TEST(Texts, Guesses) {
    EXPECT_EQ(nearest("memroy", {"memory", "name"}), "memory");
    EXPECT_EQ(nearest("comm1", {"com2", "com1"}), "com1");
    EXPECT_EQ(nearest("xyz", {"abc"}), "");
    EXPECT_EQ(nearest("", {"a"}), "");
    EXPECT_EQ(nearest(std::string(1000, 'x'), {"x"}), "");
}

}  // namespace
}  // namespace apiary::config
