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

INSTANTIATE_TEST_SUITE_P(
    Words, ValueRow,
    testing::Values(GrammarRow{"word characters", "a_!%&-.:<>?@[]^`|~b", "a_!%&-.:<>?@[]^`|~b"},
                    GrammarRow{"single characters", "a$ * + / \\\\", "a$*+/\\"},
                    GrammarRow{"parts are joined", "a b  c", "abc"}, GrammarRow{"lines too", "a\n  b", "ab"},
                    GrammarRow{"quotes join", "a\"b c\"d'e f'g", "ab cde fg"}, GrammarRow{"nothing", "", ""},
                    GrammarRow{"empty quotes", "\"\"", ""}, GrammarRow{"=", "a=b", "!2:12: error: syntax error at '='"},
                    GrammarRow{"{", "a{b", "!2:12: error: syntax error at '{'"},
                    GrammarRow{"}", "a}b", "!2:12: error: syntax error at '}'"},
                    GrammarRow{"(", "a(b", "!2:12: error: syntax error at '('"},
                    GrammarRow{")", "a)b", "!2:12: error: syntax error at ')'"},
                    GrammarRow{"list for one value", "a,b", "!2:1: error: vm v: loadcmd: this key takes one value"},
                    GrammarRow{"escaped signs", "a\\=\\{\\}\\(\\)\\,\\;\\#\\\"\\'b", "a={}(),;#\"'b"},
                    GrammarRow{"reserved", "vm", "!2:11: error: syntax error at 'vm'"},
                    GrammarRow{"reserved later", "a template", "!2:13: error: syntax error at 'template'"},
                    GrammarRow{"reserved in quotes", "'global'", "global"}, GrammarRow{"part of a word", "vm1", "vm1"},
                    GrammarRow{"part of a path", "/data/vm/log", "/data/vm/log"},
                    GrammarRow{"macro", ".apply", "!2:11: error: syntax error at '.apply'"},
                    GrammarRow{"longer than a macro", ".applyx", ".applyx"}));

INSTANTIATE_TEST_SUITE_P(Comments, ValueRow,
                         testing::Values(GrammarRow{"#", "a # b\n", "a"}, GrammarRow{"# in a word", "abc#def\n", "abc"},
                                         GrammarRow{"//", "http://x/y\n", "http:"},
                                         GrammarRow{"block", "a/* b\n c */d", "ad"},
                                         GrammarRow{"not nested", "/* a /* b */c", "c"},
                                         GrammarRow{"in quotes", "\"a # b // c /* d */\"", "a # b // c /* d */"},
                                         GrammarRow{"star slash alone", "a*/b", "a*/b"},
                                         GrammarRow{"unterminated", "/tmp/*.x", "!2:15: error: unterminated comment"}));

INSTANTIATE_TEST_SUITE_P(Escapes, ValueRow,
                         testing::Values(GrammarRow{"letters", R"("\a\b\f\n\r\t\v")", "\a\b\f\n\r\t\v"},
                                         GrammarRow{"others", R"("\q\\\"\'\$x")", "q\\\"'$x"},
                                         GrammarRow{"single quotes too", R"('\n\'\\\x41\101')", "\n'\\AA"},
                                         GrammarRow{"without quotes", R"(\x41\102c)", "ABc"},
                                         GrammarRow{"octal", R"("\1\12\123\1234\8")",
                                                    "\1\nSS4"
                                                    "8"},
                                         GrammarRow{"hexadecimal", R"("\x4\x41\x414")", "\4AA4"},
                                         GrammarRow{"capital X is none", R"("\X41")", "X41"},
                                         GrammarRow{"line goes on", "\"ab\\\ncd\"", "abcd"},
                                         GrammarRow{"in a word", "ab\\\ncd", "abcd"},
                                         GrammarRow{"no digits", R"("\xg")", "!2:12: error: invalid escape"},
                                         GrammarRow{"NUL", R"("\0")", "!2:12: error: NUL byte"},
                                         GrammarRow{"too large", R"("\400")", "!2:12: error: invalid escape"},
                                         GrammarRow{"unterminated \"", "\"a", "!2:11: error: unterminated string"},
                                         GrammarRow{"unterminated '", "'a", "!2:11: error: unterminated string"}));

INSTANTIATE_TEST_SUITE_P(
    Variables, ValueRow,
    testing::Values(GrammarRow{"plain", "a$x-b", "a4-b"}, GrammarRow{"braces", "${x}y", "4y"},
                    GrammarRow{"in quotes", "\"<$x ${x}>\"", "<4 4>"},
                    GrammarRow{"not in single quotes", "'$x ${x}'", "$x ${x}"}, GrammarRow{"escaped", "\"\\$x\"", "$x"},
                    GrammarRow{"dollar alone", "\"$ $1 $-\"", "$ $1 $-"}, GrammarRow{"empty", "a${e}b", "ab"},
                    GrammarRow{"predefined", "$NAME/$ID/$OWNER/$GROUP/$LOCALBASE", "v/0/root///usr/local"},
                    GrammarRow{"undefined", "a$nope", "!2:12: error: vm v: undefined variable 'nope'"},
                    GrammarRow{"case counts", "$X", "!2:11: error: vm v: undefined variable 'X'"},
                    GrammarRow{"unterminated", "${x\n", "!2:11: error: unterminated variable"},
                    GrammarRow{"no name", "${}", "!2:11: error: a variable needs a name"},
                    GrammarRow{"not nested", "${${x}}", "!2:11: error: unterminated variable"}));

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, ValueRow,
    testing::Values(GrammarRow{"precedence", "$((1+2*3))", "7"}, GrammarRow{"groups", "$(( (1+2)*3 ))", "9"},
                    GrammarRow{"left first", "$((10-3-2))", "5"}, GrammarRow{"division", "$((7/2))", "3"},
                    GrammarRow{"towards zero", "$((-7/2))", "-3"}, GrammarRow{"rest", "$((-7%3))", "-1"},
                    GrammarRow{"octal", "$((010))", "8"}, GrammarRow{"hexadecimal", "$((0x1F))", "31"},
                    GrammarRow{"minus", "$((-(3) - -1))", "-2"}, GrammarRow{"variables", "$(($x * ${x}))", "16"},
                    GrammarRow{"negated variable", "$((-$x))", "-4"},
                    GrammarRow{"joined", "a$((1))\"b$((2))\"", "a1b2"},
                    GrammarRow{"largest", "$((9223372036854775807))", "9223372036854775807"},
                    GrammarRow{"smallest", "$((-9223372036854775808))", "-9223372036854775808"},
                    GrammarRow{"overflow", "$((9223372036854775807+1))", "!2:33: error: vm v: arithmetic overflow"},
                    GrammarRow{"too large", "$((9223372036854775808))", "!2:14: error: vm v: arithmetic overflow"},
                    GrammarRow{"by zero", "$((5/0))", "!2:15: error: vm v: division by zero"},
                    GrammarRow{"rest by zero", "$((5%0))", "!2:15: error: vm v: division by zero"},
                    GrammarRow{"smallest by -1", "$((-9223372036854775808/-1))",
                               "!2:34: error: vm v: arithmetic overflow"},
                    GrammarRow{"rest of that", "$((-9223372036854775808%-1))", "0"},
                    GrammarRow{"bad octal", "$((08))", "!2:14: error: vm v: '08' is not a number"},
                    GrammarRow{"no number", "$(($t+1))", "!2:14: error: vm v: '$t', which is 'two', is not a number"},
                    GrammarRow{"empty variable", "$(($e+1))", "!2:14: error: vm v: '$e', which is '', is not a number"},
                    GrammarRow{"undefined", "$(($q))", "!2:14: error: vm v: undefined variable 'q'"},
                    GrammarRow{"unary plus", "$((+1))", "!2:14: error: syntax error at '+'"},
                    GrammarRow{"two minuses", "$((--1))", "!2:15: error: syntax error at '-'"},
                    GrammarRow{"bare name", "$((x))", "!2:14: error: syntax error at 'x'"},
                    GrammarRow{"power", "$((2**3))", "!2:16: error: syntax error at '*'"},
                    GrammarRow{"newline", "$((1\n))", "!2:15: error: syntax error at 'end of line'"},
                    GrammarRow{"empty", "$(())", "!2:14: error: syntax error at '))'"},
                    GrammarRow{"comment", "$((1 #\n))", "!2:16: error: syntax error at '#'"},
                    GrammarRow{"quotes", "$((\"1\"))", "!2:14: error: syntax error at '\"'"}));

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

INSTANTIATE_TEST_SUITE_P(
    Sections, FileRow,
    testing::Values(GrammarRow{"nothing", "", "(none)"},
                    GrammarRow{"on one line", "vm v{memory=1G;loader=uefi;}", "(unset)"},
                    GrammarRow{"quoted name", "vm 'v' { memory = 1G; loader = uefi; }", "(unset)"},
                    GrammarRow{"quoted key", in_vm("\"loadcmd\" = a;"), "a"},
                    GrammarRow{"key without case", in_vm("LoadCMD = a;"), "a"},
                    GrammarRow{"byte order mark", "\xEF\xBB\xBF" + in_vm(""), "(unset)"},
                    GrammarRow{"blanks", "\tvm\tv\n{\nmemory = 1G;\n\tloader\t=\tuefi;\n}", "(unset)"},
                    GrammarRow{"CRLF", "vm v {\r\n}", "!1:7: error: carriage return"},
                    GrammarRow{"stray byte between", in_vm("") + "\x80\n" + in_vm(""),
                               "!2:1: error: unexpected '\\x80'"},
                    GrammarRow{"NUL", std::string{"vm v { \0 }", 10}, "!1:8: error: unexpected '\\x00'"},
                    GrammarRow{"capitals", "VM v { }", "!1:1: error: syntax error at 'VM'"},
                    GrammarRow{"no name", "vm { }", "!1:4: error: syntax error at '{'"},
                    GrammarRow{"reserved name", "vm vm { }", "!1:4: error: syntax error at 'vm'"},
                    GrammarRow{"name with variable", "vm \"a$x\" { }", "!1:6: error: syntax error at '$x'"},
                    GrammarRow{"two words", "vm a b { }", "!1:6: error: syntax error at 'b'"},
                    GrammarRow{"semicolon behind", in_vm("") + ";", "!2:1: error: syntax error at ';'"},
                    GrammarRow{"section in section", "vm v {\nvm w { }\n}", "!2:1: error: syntax error at 'vm'"},
                    GrammarRow{"not closed", "vm v {\n", "!2:1: error: syntax error: the file ends here"},
                    GrammarRow{"one brace too many", in_vm("") + "}", "!2:1: error: syntax error at '}'"},
                    GrammarRow{"key outside", "ncpu = 1;", "!1:1: error: syntax error at 'ncpu'"}));

INSTANTIATE_TEST_SUITE_P(
    Statements, FileRow,
    testing::Values(GrammarRow{"the last one counts", in_vm("loadcmd = a; loadcmd = b;"), "b"},
                    GrammarRow{"what is wrong changes nothing", in_vm("loadcmd = a;\nloadcmd = $q;"),
                               "!2:11: error: vm v: undefined"},
                    GrammarRow{"no semicolon", in_vm("loadcmd = a"), "!1:48: error: syntax error at '}'"},
                    GrammarRow{"two semicolons", in_vm("loadcmd = a;;"), "!1:48: error: syntax error at ';'"},
                    GrammarRow{"key alone", in_vm("install;"), "!1:43: error: syntax error at ';'"},
                    GrammarRow{"two equals signs", in_vm("loadcmd == a;"), "!1:45: error: syntax error at '='"},
                    GrammarRow{"+ =", in_vm("network + = a;"), "!1:44: error: syntax error at '+'"},
                    GrammarRow{"+= for one value", in_vm("loadcmd += a;"),
                               "!1:36: error: vm v: loadcmd: this key takes one value"},
                    GrammarRow{"unknown key", in_vm("loadcmmd = a;"),
                               "!1:36: error: vm v: unknown key 'loadcmmd'; did you mean 'loadcmd'?"},
                    GrammarRow{"variable", in_vm("$a = 1; $b = \"$a$a\"; $a = 2; loadcmd = $b;"), "11"},
                    GrammarRow{"variable of a list", in_vm("$a = 1, 2; loadcmd = $a;"), "1"},
                    GrammarRow{"name from braces", in_vm("${q r} = 1; loadcmd = ${q r};"), "1"},
                    GrammarRow{"key in a variable", in_vm("$k = loadcmd; $k = a; loadcmd = $k;"), "a"},
                    GrammarRow{"a digit is no name", in_vm("$1 = a;"), "!1:37: error: syntax error at '1'"}));

INSTANTIATE_TEST_SUITE_P(
    Scopes, FileRow,
    testing::Values(
        GrammarRow{"global below", in_vm("loadcmd = $g;") + "global { $g = 1; }", "1"},
        GrammarRow{"local first", "global { $g = 1; }" + in_vm("$g = 2; loadcmd = $g;"), "2"},
        GrammarRow{"the last global", "global { $g = 1; }\nglobal { $g = 2; }" + in_vm("loadcmd = $g;"), "2"},
        GrammarRow{"locals are not shared", "vm w { memory = 1G; loader = uefi; $l = 1; }\n" + in_vm("loadcmd = $l;"),
                   "!2:46: error: vm v: undefined variable 'l'"},
        GrammarRow{"NAME follows name", in_vm("$n = $NAME; name = w; name = v; loadcmd = \"$n$NAME\";"), "vv"},
        GrammarRow{"OWNER follows owner", in_vm("owner = alice:games; loadcmd = $OWNER/$GROUP;"), "alice/games"},
        GrammarRow{"predefined is not fixed", in_vm("$ID = 9; loadcmd = $ID;"), "9"},
        GrammarRow{"global knows no VM", "global { $g = $NAME; }", "!1:15: error: undefined variable 'NAME'"}));

INSTANTIATE_TEST_SUITE_P(
    Templates, FileRow,
    testing::Values(
        GrammarRow{"below", in_vm(".apply t;") + "template t { loadcmd = a; }", "a"},
        GrammarRow{"quoted name", in_vm(".apply \"a b\";") + "template \"a b\" { loadcmd = a; }", "a"},
        GrammarRow{"several", in_vm(".apply t, u;") + "template t { $a = 1; } template u { loadcmd = $a; }", "1"},
        GrammarRow{"name from a variable", in_vm("$n = t; .apply $n$((1));") + "template t1 { loadcmd = a; }", "a"},
        GrammarRow{"nested", in_vm(".apply t;") + "template t { .apply u; } template u { loadcmd = a; }", "a"},
        GrammarRow{"arguments", in_vm(".apply t(1, 2 3);") + "template t(a, b) { loadcmd = \"$a-$b\"; }", "1-23"},
        GrammarRow{"defaults", in_vm(".apply t(, );") + "template t(a = 1, b = $a, c) { loadcmd = \"$a-$c\"; }",
                   "!2:23: error: vm v: undefined variable 'a'"},
        GrammarRow{"default in the caller's scope", in_vm("$x = 5; .apply t;") + "template t(a = $x) { loadcmd = $a; }",
                   "5"},
        GrammarRow{"missing one is empty", in_vm(".apply t();") + "template t(a, b = 2) { loadcmd = \"<$a>$b\"; }",
                   "<>2"},
        GrammarRow{"one too many is nothing", in_vm(".apply t(1, 2);") + "template t(a) { loadcmd = $a; }", "1"},
        GrammarRow{"hidden in a nested one",
                   in_vm(".apply t(1);") + "template t(a) { .apply u; }\ntemplate u { loadcmd = $a; }",
                   "!3:24: error: vm v: undefined variable 'a'"},
        GrammarRow{"gone afterwards", in_vm(".apply t(1); loadcmd = $a;") + "template t(a) { }",
                   "!1:59: error: vm v: undefined variable 'a'"},
        GrammarRow{"assignment takes the argument's place",
                   in_vm(".apply t(1); loadcmd = $a;") + "template t(a) { $a = \"$a$a\"; }", "11"},
        GrammarRow{"twice", in_vm("\n.apply t;\n.apply t;") + "template t { }",
                   "!3:8: error: vm v: the template 't' is already applied"},
        GrammarRow{"itself", in_vm(".apply t;") + "template t {\n.apply t; }",
                   "!3:8: error: vm v: the template 't' is already applied"},
        GrammarRow{"unknown", in_vm(".apply tt;") + "template ttt { }",
                   "!1:43: error: vm v: unknown template 'tt'; did you mean 'ttt'?"},
        GrammarRow{"two of one name", "template t { }\ntemplate t { }",
                   "!2:10: error: duplicate template 't': the first one is at main.conf:1"},
        GrammarRow{"no arguments declared", "template t() { }", "!1:12: error: syntax error at ')'"},
        GrammarRow{"argument with $", "template t($a) { }", "!1:12: error: syntax error at '$a'"},
        GrammarRow{"not outside", ".apply t;", "!1:1: error: syntax error at '.apply'"},
        GrammarRow{"not in global", "template t { } global {\n.apply t; }",
                   "!2:1: error: templates are applied to VMs alone"},
        GrammarRow{"no semicolon", in_vm(".apply t\nloadcmd = a;"), "!2:9: error: syntax error at '='"},
        GrammarRow{"not without its dot", "vm v {\napply t;\n}", "!2:7: error: syntax error at 't'"}));

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
