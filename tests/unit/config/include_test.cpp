// .include: which files are read, and in which order.
#include "config/include.hpp"

#include "include_fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// -- reading ---------------------------------------------------------------------------------------------------------

TEST_F(Including, ComesAfterTheWholeFileTheNearestFirst) {
    add("/e/a", ".include \"c\";" + vm_named("a"));
    add("/e/b", vm_named("b"));
    add("/e/c", vm_named("c"));
    read(".include a;\n.include \"b\";\n" + vm_named("m"));
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("m", "a", "b", "c"));
    EXPECT_THAT(result.ids, ElementsAre(0, 1, 2, 3));
    EXPECT_EQ(vm("c").origin.file(), "/e/c");
    EXPECT_EQ(result.files.size(), 4U);
}

TEST_F(Including, IsRelativeToTheFolderOfTheIncludingFile) {
    add("/e/d/a", ".include b;\n.include ../top;\n.include /x/far;");
    add("/e/d/b", vm_named("b"));
    add("/e/top", vm_named("top"));
    add("/x/far", vm_named("far"));
    read(".include d/a;");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("b", "top", "far"));
}

TEST_F(Including, NamesAreShownWithoutDetours) {
    add("/e/d/a", "oops");
    read(".include \"./d//../d/./a\";");
    EXPECT_THAT(errors(), ElementsAre(StartsWith("/e/d/a:1:1: error: syntax error")));
}

TEST_F(Including, PatternsAreSortedFolderByFolder) {
    for (auto const* const name : {"b/2", "b/1", "a/9", "a/.hidden", "c/10"}) {
        add(std::string{"/e/d/"} + name, vm_named(std::string{"v"} + name[0] + name[2]));
    }
    add("/e/d/file", vm_named("never"));
    read(".include \"d/*/*\";");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("va9", "vb1", "vb2", "vc1"));
    read(".include \"d/?/1\";");  // where it is missing it is passed over
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("vb1"));
}

TEST_F(Including, WhatAPatternFindsMustBeReadable) {
    add("/home/alice/d/1", vm_named("a"), alice);
    add("/home/alice/d/2", "", 0, 0600);
    add("/home/alice/main", ".include \"d/*\";", alice);
    read(".include /home/alice/main;");
    EXPECT_THAT(names(), ElementsAre("a"));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("/home/alice/main:1:1: error: '/home/alice/d/2': ")));
}

TEST_F(Including, ABackslashTakesAwayTheMeaningOfAStar) {
    add("/e/a*", vm_named("star"));
    add("/e/ab", vm_named("ab"));
    read(".include 'a\\\\*';");
    EXPECT_THAT(names(), ElementsAre("star"));
    EXPECT_THAT(said(), IsEmpty());
}

TEST_F(Including, AFolderWithABracketInItsNameIsNoPattern) {
    add("/e[1]/main.conf", ".include a*;");
    add("/e[1]/ab", vm_named("ab"));
    result = load_paths({"/e[1]/main.conf"}, options);
    EXPECT_THAT(names(), ElementsAre("ab"));
}

TEST_F(Including, IsRelativeToTheRealFolderOfALink) {
    FileText main{"/e/link", 0, ".include a;", "/real/"};
    add("/real/a", vm_named("a"));
    load({main});
    EXPECT_THAT(names(), ElementsAre("a"));
}

// -- what is wrong ---------------------------------------------------------------------------------------------------

struct Wrong {
    char const* statement;
    char const* message;
};
class WrongInclude : public Including, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongInclude, IsAnErrorWhereItStandsAndTheLoadGoesOn) {
    add("/e/there", vm_named("there"));
    add("/e/sub/x", vm_named("x"));
    read(std::string{"\n"} + GetParam().statement + "\n.include there;" + vm_named("m"));
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("m", "there"));
    EXPECT_THAT(errors(), ElementsAre(AllOf(StartsWith("/e/main.conf:2:"), HasSubstr(GetParam().message))));
}

INSTANTIATE_TEST_SUITE_P(Include, WrongInclude,
                         testing::Values(Wrong{".include nowhere;", "'/e/nowhere': cannot open"},
                                         Wrong{".include \"none*\";", "no file matches 'none*'"},
                                         Wrong{".include \"none/*\";", "no file matches 'none/*'"},
                                         Wrong{".include sub;", "'/e/sub': is a folder"},
                                         Wrong{".include main.conf;", "'/e/main.conf' is included already"},
                                         Wrong{".include ;", ".include names no file"},
                                         Wrong{".include \"\";", ".include names no file"},
                                         Wrong{".include \"$d/x\";", "undefined variable 'd'"},
                                         Wrong{".include $((1/0));", "division by zero"}));

TEST_F(Including, WhatDoesNotRefuseAReload) {
    add("/e/a", vm_named("a"));
    read(".include a;\n.include \"*\";\n.include \"*.x\";");
    EXPECT_THAT(errors(), ElementsAre(HasSubstr(":2:1: error: '/e/a' is included already"),
                                      HasSubstr(":2:1: error: '/e/main.conf' is included already"),
                                      HasSubstr(":3:1: error: no file matches")));
    EXPECT_FALSE(result.trusted_errors);
    read(".include \"gone/*\";");
    EXPECT_TRUE(result.trusted_errors);
    read(".include gone;");
    EXPECT_TRUE(result.trusted_errors);
}

TEST_F(Including, ASyntaxErrorInAFileOfRootFailsTheLoad) {
    add("/e/bad", "vm b {\n memory = 1G\n}");
    add("/e/good", vm_named("g"));
    read(".include bad;\n.include good;\n" + vm_named("m"));
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(errors(), ElementsAre(StartsWith("/e/bad:3:1: error: syntax error at '}'")));
}

TEST_F(Including, AMissingMainFileFailsTheLoad) {
    result = load_paths({"/e/none"}, options);
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(errors(), ElementsAre("/e/none: error: cannot open: not there"));
}

TEST_F(Including, AFileNamedTwiceIsReadOnce) {
    add("/e/a", vm_named("a"));
    result = load_paths({"/e/a", "/e/../e/a"}, options);
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("a"));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("named twice")));
}

TEST_F(Including, WithoutFilesNothingIsIncluded) {
    load(std::string{".include a;"});  // of the fixture's files there is none
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("'a': cannot open")));
    options.files = nullptr;
    load(std::string{".include a;"});
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("no other file can be included here")));
}

// -- variables -------------------------------------------------------------------------------------------------------

TEST_F(Including, SeesGlobalsThatStandBeforeItInItsFile) {
    add("/e/sub/x", vm_named("x"));
    read("global { $a = sub; $d = \"$a/x\"; }\n.include $d;");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("x"));
    read(".include \"$d/x\";\nglobal { $d = sub; }");
    EXPECT_THAT(errors(), ElementsAre("/e/main.conf:1:11: error: undefined variable 'd'"));
    read("global { $d = other; }\nglobal { $d = sub; }\n.include \"$d/x\";\nglobal { $d = third; }");
    EXPECT_THAT(names(), ElementsAre("x"));
}

TEST_F(Including, SeesThoseOfOtherFilesFromTheSecondLoadOn) {
    add("/e/b", ".include \"$d/x\";");
    add("/e/sub/x", vm_named("x"));
    std::string const main = "global { $d = sub; }\n.include b;";
    read(main);
    EXPECT_THAT(errors(), ElementsAre("/e/b:1:11: error: undefined variable 'd'"));
    before = result.variables;
    read(main);
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("x"));
}

TEST_F(Including, SeesLocalbaseAndNumbers) {
    options.localbase = "/l";
    add("/l/3", vm_named("x"));
    read(".include \"$LOCALBASE/$((1 + 2))\";");
    EXPECT_THAT(names(), ElementsAre("x"));
}

TEST_F(Including, SeesNoOthers) {
    read("vm v { memory = 1G; loader = uefi; $d = e; }\n.include \"$NAME/$d\";");
    EXPECT_THAT(errors(), ElementsAre("/e/main.conf:2:11: error: undefined variable 'NAME'"));
}

// A fault in a global section is told once, by who reads it.
TEST_F(Including, TellsNothingTwice) {
    add("/e/a", "");
    read("global { $x = $nope; }\n.include a;\n.include a;");
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("undefined variable 'nope'"), HasSubstr("is included already")));
}

// -- other languages -------------------------------------------------------------------------------------------------

// Understands one word: the name of a VM, or of a file to include after a dot.
class Words final : public SyntaxReader {
public:
    [[nodiscard]] auto read(uid_t owner, std::vector<FileText const*> const& texts) const
        -> std::vector<ReadSyntax> override {
        std::string call = std::to_string(owner) + ":";
        std::vector<ReadSyntax> out;
        for (FileText const* const file : texts) {
            call += " " + file->name;
            ReadSyntax& read = out.emplace_back();
            if (file->text.empty()) {
                read.errors.emplace_back(Position{3, 4}, "nothing there");
            } else if (file->text.front() == '.') {
                Include& include = read.tree.includes.emplace_back();
                include.path.pieces.push_back(
                    {Piece::Kind::text, {1, 1}, read.tree.decoded.emplace_back(file->text.substr(1)), {}});
            } else {
                Section& section = read.tree.sections.emplace_back();
                section.name = file->text;
                section.at = section.name_at = {1, 1};
                section.body.push_back({.at = {1, 1}, .name = "memory", .values = {}, .targets = {}});
                section.body.back().values.push_back({{1, 1}, {}});
                section.body.back().values.back().pieces.push_back({Piece::Kind::text, {1, 1}, "1G", {}});
            }
        }
        calls.push_back(call);
        return out;
    }
    mutable std::vector<std::string> calls;
};

TEST_F(Including, AnotherLanguageIsReadForEachOwnerInOneGo) {
    Words const words;
    options.ucl = &words;
    add("/e/1.ucl", "one");
    add("/e/2.ucl", "./home/alice/4.ucl");
    add("/e/3.ucl", "three", alice);
    add("/home/alice/4.ucl", "four", alice);
    read(".include \"*.ucl\";");
    EXPECT_THAT(words.calls, ElementsAre("0: /e/1.ucl /e/2.ucl", "1001: /e/3.ucl", "1001: /home/alice/4.ucl"));
    EXPECT_THAT(errors(),
                ElementsAre(HasSubstr("vm one: loader"), HasSubstr("vm three: loader"), HasSubstr("vm four: loader")));
    add("/e/1.ucl", "");
    read(".include \"*.ucl\";");
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(errors(), testing::Contains("/e/1.ucl:3:4: error: nothing there"));
    options.ucl = nullptr;
    read(".include \"*.ucl\";");
    EXPECT_THAT(errors(), testing::Contains(HasSubstr("libucl is missing")));
}

// A folder with one VM in it, and one that was refused.
class OneFolder final : public FolderReader {
public:
    [[nodiscard]] auto read(std::string const& folder, Files& /*files*/, SyntaxReader const* /*ucl*/) const
        -> Result override {
        Result out;
        File& file = out.files.emplace_back();
        file.text = std::make_unique<FileText>(FileText{folder + "/v/config", 0, "memory = 1G"});
        Section& section = file.syntax.tree.sections.emplace_back();
        section.name = "v";
        section.at = section.name_at = {1, 1};
        out.refused.push_back({folder + "/w/config", {.message = "no", .trusted = false, .owner = alice}});
        return out;
    }
};

TEST_F(Including, FoldersOfVmstatedComeLast) {
    read("global { vmstated_directory = /v; }" + vm_named("m"));
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("/v: error: a vmstated folder cannot be read here")));
    OneFolder const reader;
    options.vmstated = &reader;
    options.vmstated_folders = {"/u"};
    read("global { vmstated_directory = /v; }" + vm_named("m"));
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("m"));
    EXPECT_THAT(errors(),
                testing::Contains("/u/v/config:1:1: error: vm v: memory: this key is required, such as memory = 1G;"));
    EXPECT_THAT(errors(), testing::Contains("/v/w/config: error: no"));
    EXPECT_THAT(result.dropped_files, ElementsAre("/u/w/config", "/v/w/config"));
}

}  // namespace
}  // namespace apiary::config
