// The language as a table: what a text means, or where it is wrong. One row for each rule.
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::IsEmpty;

// `text` is the value of loadcmd in VM v, in line 2 from column 11 on; other files of the table are whole.
struct GrammarRow {
    char const* rule;
    std::string text;
    std::string expected;  // the value; or, after '!', where and how the first error begins
};
auto operator<<(std::ostream& out, GrammarRow const& row) -> std::ostream& {
    return out << row.rule << ": " << row.text;
}

auto rows(std::vector<GrammarRow> const& table) {
    return testing::ValuesIn(table);
}

struct Grammar : Fixture {
    [[nodiscard]] auto outcome(std::string const& value) const -> std::string {
        if (errors().empty()) {
            return value;
        }
        std::string const first = errors().front();
        return "!" + first.substr(std::string{"main.conf:"}.size());
    }
    void expect(std::string const& expected, std::string const& value) const {
        std::string const got = outcome(value);
        bool const is_error = expected.starts_with('!');
        EXPECT_EQ(is_error ? got.substr(0, expected.size()) : got, expected) << said();
    }
};

struct ValueRow : Grammar, testing::WithParamInterface<GrammarRow> {};

TEST_P(ValueRow, Means) {
    load("vm v { memory = 1G; loader = uefi; $x = 4; $e = ''; $t = two;\nloadcmd = " + GetParam().text + ";\n}\n");
    std::string value = "(none)";
    if (!result.definitions.empty()) {
        value = result.definitions.front()->loadcmd.value_or("(none)");
    }
    expect(GetParam().expected, value);
    bool const syntax_error = GetParam().expected.starts_with("!") && !result.ok;
    EXPECT_EQ(result.definitions.empty(), syntax_error) << said();
}

INSTANTIATE_TEST_SUITE_P(Words, ValueRow,
                         rows({{"word characters", "a_!%&-.:<>?@[]^`|~b", "a_!%&-.:<>?@[]^`|~b"},
                               {"single characters", "a$ * + / \\\\", "a$*+/\\"},
                               {"parts are joined", "a b  c", "abc"},
                               {"lines too", "a\n  b", "ab"},
                               {"quotes join", "a\"b c\"d'e f'g", "ab cde fg"},
                               {"nothing", "", ""},
                               {"empty quotes", "\"\"", ""},
                               {"=", "a=b", "!2:12: error: syntax error at '='"},
                               {"{", "a{b", "!2:12: error: syntax error at '{'"},
                               {"}", "a}b", "!2:12: error: syntax error at '}'"},
                               {"(", "a(b", "!2:12: error: syntax error at '('"},
                               {")", "a)b", "!2:12: error: syntax error at ')'"},
                               {"list for one value", "a,b", "!2:1: error: vm v: loadcmd: this key takes one value"},
                               {"escaped signs", "a\\=\\{\\}\\(\\)\\,\\;\\#\\\"\\'b", "a={}(),;#\"'b"},
                               {"reserved", "vm", "!2:11: error: syntax error at 'vm'"},
                               {"reserved later", "a template", "!2:13: error: syntax error at 'template'"},
                               {"reserved in quotes", "'global'", "global"},
                               {"part of a word", "vm1", "vm1"},
                               {"part of a path", "/data/vm/log", "/data/vm/log"},
                               {"macro", ".apply", "!2:11: error: syntax error at '.apply'"},
                               {"longer than a macro", ".applyx", ".applyx"}}));

INSTANTIATE_TEST_SUITE_P(Comments, ValueRow,
                         rows({{"#", "a # b\n", "a"},
                               {"# in a word", "abc#def\n", "abc"},
                               {"//", "http://x/y\n", "http:"},
                               {"block", "a/* b\n c */d", "ad"},
                               {"not nested", "/* a /* b */c", "c"},
                               {"in quotes", "\"a # b // c /* d */\"", "a # b // c /* d */"},
                               {"star slash alone", "a*/b", "a*/b"},
                               {"unterminated", "/tmp/*.x", "!2:15: error: unterminated comment"}}));

INSTANTIATE_TEST_SUITE_P(Escapes, ValueRow,
                         rows({{"letters", R"("\a\b\f\n\r\t\v")", "\a\b\f\n\r\t\v"},
                               {"others", R"("\q\\\"\'\$x")", "q\\\"'$x"},
                               {"single quotes too", R"('\n\'\\\x41\101')", "\n'\\AA"},
                               {"without quotes", R"(\x41\102c)", "ABc"},
                               {"octal", R"("\1\12\123\1234\8")",
                                "\1\nSS4"
                                "8"},
                               {"hexadecimal", R"("\x4\x41\x414")", "\4AA4"},
                               {"capital X is none", R"("\X41")", "X41"},
                               {"line goes on", "\"ab\\\ncd\"", "abcd"},
                               {"in a word", "ab\\\ncd", "abcd"},
                               {"no digits", R"("\xg")", "!2:12: error: invalid escape"},
                               {"NUL", R"("\0")", "!2:12: error: NUL byte"},
                               {"too large", R"("\400")", "!2:12: error: invalid escape"},
                               {"unterminated \"", "\"a", "!2:11: error: unterminated string"},
                               {"unterminated '", "'a", "!2:11: error: unterminated string"}}));

INSTANTIATE_TEST_SUITE_P(Variables, ValueRow,
                         rows({{"plain", "a$x-b", "a4-b"},
                               {"braces", "${x}y", "4y"},
                               {"in quotes", "\"<$x ${x}>\"", "<4 4>"},
                               {"not in single quotes", "'$x ${x}'", "$x ${x}"},
                               {"escaped", "\"\\$x\"", "$x"},
                               {"dollar alone", "\"$ $1 $-\"", "$ $1 $-"},
                               {"empty", "a${e}b", "ab"},
                               {"predefined", "$NAME/$ID/$OWNER/$GROUP/$LOCALBASE", "v/0/root///usr/local"},
                               {"undefined", "a$nope", "!2:12: error: vm v: undefined variable 'nope'"},
                               {"case counts", "$X", "!2:11: error: vm v: undefined variable 'X'"},
                               {"unterminated", "${x\n", "!2:11: error: unterminated variable"},
                               {"no name", "${}", "!2:11: error: a variable needs a name"},
                               {"not nested", "${${x}}", "!2:11: error: unterminated variable"}}));

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, ValueRow,
    rows({{"precedence", "$((1+2*3))", "7"},
          {"groups", "$(( (1+2)*3 ))", "9"},
          {"left first", "$((10-3-2))", "5"},
          {"division", "$((7/2))", "3"},
          {"towards zero", "$((-7/2))", "-3"},
          {"rest", "$((-7%3))", "-1"},
          {"octal", "$((010))", "8"},
          {"hexadecimal", "$((0x1F))", "31"},
          {"minus", "$((-(3) - -1))", "-2"},
          {"variables", "$(($x * ${x}))", "16"},
          {"negated variable", "$((-$x))", "-4"},
          {"joined", "a$((1))\"b$((2))\"", "a1b2"},
          {"largest", "$((9223372036854775807))", "9223372036854775807"},
          {"smallest", "$((-9223372036854775808))", "-9223372036854775808"},
          {"overflow", "$((9223372036854775807+1))", "!2:33: error: vm v: arithmetic overflow"},
          {"too large", "$((9223372036854775808))", "!2:14: error: vm v: arithmetic overflow"},
          {"by zero", "$((5/0))", "!2:15: error: vm v: division by zero"},
          {"rest by zero", "$((5%0))", "!2:15: error: vm v: division by zero"},
          {"smallest by -1", "$((-9223372036854775808/-1))", "!2:34: error: vm v: arithmetic overflow"},
          {"rest of that", "$((-9223372036854775808%-1))", "0"},
          {"bad octal", "$((08))", "!2:14: error: vm v: '08' is not a number"},
          {"no number", "$(($t+1))", "!2:14: error: vm v: '$t', which is 'two', is not a number"},
          {"empty variable", "$(($e+1))", "!2:14: error: vm v: '$e', which is '', is not a number"},
          {"undefined", "$(($q))", "!2:14: error: vm v: undefined variable 'q'"},
          {"unary plus", "$((+1))", "!2:14: error: syntax error at '+'"},
          {"two minuses", "$((--1))", "!2:15: error: syntax error at '-'"},
          {"bare name", "$((x))", "!2:14: error: syntax error at 'x'"},
          {"power", "$((2**3))", "!2:16: error: syntax error at '*'"},
          {"newline", "$((1\n))", "!2:15: error: syntax error at 'end of line'"},
          {"empty", "$(())", "!2:14: error: syntax error at '))'"},
          {"comment", "$((1 #\n))", "!2:16: error: syntax error at '#'"},
          {"quotes", "$((\"1\"))", "!2:14: error: syntax error at '\"'"}}));

// Whole files: the value of loadcmd of the VM v.
struct FileRow : Grammar, testing::WithParamInterface<GrammarRow> {};

TEST_P(FileRow, Means) {
    load(GetParam().text);
    std::string value = "(none)";
    for (auto const& definition : result.definitions) {
        if (definition->name == "v") {
            value = definition->loadcmd.value_or("(unset)");
        }
    }
    expect(GetParam().expected, value);
}

auto in_vm(std::string const& body) -> std::string {
    return "vm v { memory = 1G; loader = uefi; " + body + " }\n";
}

INSTANTIATE_TEST_SUITE_P(Sections, FileRow,
                         rows({{"nothing", "", "(none)"},
                               {"on one line", "vm v{memory=1G;loader=uefi;}", "(unset)"},
                               {"quoted name", "vm 'v' { memory = 1G; loader = uefi; }", "(unset)"},
                               {"quoted key", in_vm("\"loadcmd\" = a;"), "a"},
                               {"key without case", in_vm("LoadCMD = a;"), "a"},
                               {"byte order mark", "\xEF\xBB\xBF" + in_vm(""), "(unset)"},
                               {"blanks", "\tvm\tv\n{\nmemory = 1G;\n\tloader\t=\tuefi;\n}", "(unset)"},
                               {"CRLF", "vm v {\r\n}", "!1:7: error: carriage return"},
                               {"stray byte between", in_vm("") + "\x80\n" + in_vm(""),
                                "!2:1: error: unexpected '\\x80'"},
                               {"NUL", std::string{"vm v { \0 }", 10}, "!1:8: error: unexpected '\\x00'"},
                               {"capitals", "VM v { }", "!1:1: error: syntax error at 'VM'"},
                               {"no name", "vm { }", "!1:4: error: syntax error at '{'"},
                               {"reserved name", "vm vm { }", "!1:4: error: syntax error at 'vm'"},
                               {"name with variable", "vm \"a$x\" { }", "!1:6: error: syntax error at '$x'"},
                               {"two words", "vm a b { }", "!1:6: error: syntax error at 'b'"},
                               {"semicolon behind", in_vm("") + ";", "!2:1: error: syntax error at ';'"},
                               {"section in section", "vm v {\nvm w { }\n}", "!2:1: error: syntax error at 'vm'"},
                               {"not closed", "vm v {\n", "!2:1: error: syntax error: the file ends here"},
                               {"one brace too many", in_vm("") + "}", "!2:1: error: syntax error at '}'"},
                               {"key outside", "ncpu = 1;", "!1:1: error: syntax error at 'ncpu'"}}));

INSTANTIATE_TEST_SUITE_P(
    Statements, FileRow,
    rows({{"the last one counts", in_vm("loadcmd = a; loadcmd = b;"), "b"},
          {"what is wrong changes nothing", in_vm("loadcmd = a;\nloadcmd = $q;"), "!2:11: error: vm v: undefined"},
          {"no semicolon", in_vm("loadcmd = a"), "!1:48: error: syntax error at '}'"},
          {"two semicolons", in_vm("loadcmd = a;;"), "!1:48: error: syntax error at ';'"},
          {"key alone", in_vm("install;"), "!1:43: error: syntax error at ';'"},
          {"two equals signs", in_vm("loadcmd == a;"), "!1:45: error: syntax error at '='"},
          {"+ =", in_vm("network + = a;"), "!1:44: error: syntax error at '+'"},
          {"+= for one value", in_vm("loadcmd += a;"), "!1:36: error: vm v: loadcmd: this key takes one value"},
          {"unknown key", in_vm("loadcmmd = a;"),
           "!1:36: error: vm v: unknown key 'loadcmmd'; did you mean 'loadcmd'?"},
          {"variable", in_vm("$a = 1; $b = \"$a$a\"; $a = 2; loadcmd = $b;"), "11"},
          {"variable of a list", in_vm("$a = 1, 2; loadcmd = $a;"), "1"},
          {"name from braces", in_vm("${q r} = 1; loadcmd = ${q r};"), "1"},
          {"key in a variable", in_vm("$k = loadcmd; $k = a; loadcmd = $k;"), "a"},
          {"a digit is no name", in_vm("$1 = a;"), "!1:37: error: syntax error at '1'"}}));

INSTANTIATE_TEST_SUITE_P(
    Scopes, FileRow,
    rows({{"global below", in_vm("loadcmd = $g;") + "global { $g = 1; }", "1"},
          {"local first", "global { $g = 1; }" + in_vm("$g = 2; loadcmd = $g;"), "2"},
          {"the last global", "global { $g = 1; }\nglobal { $g = 2; }" + in_vm("loadcmd = $g;"), "2"},
          {"locals are not shared", "vm w { memory = 1G; loader = uefi; $l = 1; }\n" + in_vm("loadcmd = $l;"),
           "!2:46: error: vm v: undefined variable 'l'"},
          {"NAME follows name", in_vm("$n = $NAME; name = w; name = v; loadcmd = \"$n$NAME\";"), "vv"},
          {"OWNER follows owner", in_vm("owner = alice:games; loadcmd = $OWNER/$GROUP;"), "alice/games"},
          {"predefined is not fixed", in_vm("$ID = 9; loadcmd = $ID;"), "9"},
          {"global knows no VM", "global { $g = $NAME; }", "!1:15: error: undefined variable 'NAME'"}}));

INSTANTIATE_TEST_SUITE_P(
    Templates, FileRow,
    rows({{"below", in_vm(".apply t;") + "template t { loadcmd = a; }", "a"},
          {"quoted name", in_vm(".apply \"a b\";") + "template \"a b\" { loadcmd = a; }", "a"},
          {"several", in_vm(".apply t, u;") + "template t { $a = 1; } template u { loadcmd = $a; }", "1"},
          {"name from a variable", in_vm("$n = t; .apply $n$((1));") + "template t1 { loadcmd = a; }", "a"},
          {"nested", in_vm(".apply t;") + "template t { .apply u; } template u { loadcmd = a; }", "a"},
          {"arguments", in_vm(".apply t(1, 2 3);") + "template t(a, b) { loadcmd = \"$a-$b\"; }", "1-23"},
          {"defaults", in_vm(".apply t(, );") + "template t(a = 1, b = $a, c) { loadcmd = \"$a-$c\"; }",
           "!2:23: error: vm v: undefined variable 'a'"},
          {"default in the caller's scope", in_vm("$x = 5; .apply t;") + "template t(a = $x) { loadcmd = $a; }", "5"},
          {"missing one is empty", in_vm(".apply t();") + "template t(a, b = 2) { loadcmd = \"<$a>$b\"; }", "<>2"},
          {"one too many is nothing", in_vm(".apply t(1, 2);") + "template t(a) { loadcmd = $a; }", "1"},
          {"hidden in a nested one",
           in_vm(".apply t(1);") + "template t(a) { .apply u; }\ntemplate u { loadcmd = $a; }",
           "!3:24: error: vm v: undefined variable 'a'"},
          {"gone afterwards", in_vm(".apply t(1); loadcmd = $a;") + "template t(a) { }",
           "!1:59: error: vm v: undefined variable 'a'"},
          {"assignment takes the argument's place",
           in_vm(".apply t(1); loadcmd = $a;") + "template t(a) { $a = \"$a$a\"; }", "11"},
          {"twice", in_vm("\n.apply t;\n.apply t;") + "template t { }",
           "!3:8: error: vm v: the template 't' is already applied"},
          {"itself", in_vm(".apply t;") + "template t {\n.apply t; }",
           "!3:8: error: vm v: the template 't' is already applied"},
          {"unknown", in_vm(".apply tt;") + "template ttt { }",
           "!1:43: error: vm v: unknown template 'tt'; did you mean 'ttt'?"},
          {"two of one name", "template t { }\ntemplate t { }",
           "!2:10: error: duplicate template 't': the first one is at main.conf:1"},
          {"no arguments declared", "template t() { }", "!1:12: error: syntax error at ')'"},
          {"argument with $", "template t($a) { }", "!1:12: error: syntax error at '$a'"},
          {"not outside", ".apply t;", "!1:1: error: syntax error at '.apply'"},
          {"not in global", "template t { } global {\n.apply t; }", "!2:1: error: templates are applied to VMs alone"},
          {"no semicolon", in_vm(".apply t\nloadcmd = a;"), "!2:9: error: syntax error at '='"},
          {"not without its dot", "vm v {\napply t;\n}", "!2:7: error: syntax error at 't'"}}));

TEST_F(Grammar, ListsAreClearedByAssignment) {
    load_vm("network = a, b; network += c, d; network += e;");
    EXPECT_EQ(vm().nics.size(), 5U);
    load_vm("network = a, b; network = c;");
    EXPECT_EQ(vm().nics.size(), 1U);
    load("template t { network += b; }\n" + vm_text("network = a; .apply t; network += c;"));
    EXPECT_EQ(vm().nics.size(), 3U);
    EXPECT_THAT(said(), IsEmpty());
}

TEST_F(Grammar, NumbersOfVmsAreCountedBySectionName) {
    load(
        "vm x { }\nvm a { memory = 1G; loader = uefi; name = b; }\nvm c { memory = 1G; loader = uefi; loadcmd = $ID; "
        "}");
    EXPECT_EQ(vm("c").loadcmd, "2");  // also of one that is dropped
}

}  // namespace
}  // namespace apiary::config
