// Shell assignments as data: what is read, and what is left to a shell.
#include "config/import/shell.hpp"

#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Shell : testing::Test {
    ShellVariables variables;
    std::vector<std::string> told;

    void read(std::string const& text) {
        FileText const file{"f", 0, text};
        variables.read(file, [this](Place const& at, std::string const& message) {
            told.push_back(std::to_string(at.line) + ": " + message);
        });
    }
    // "?": not known; "-": not set
    auto value(std::string const& name) -> std::string {
        ShellVariable const* const variable = variables.find(name);
        return variable == nullptr ? "-" : variable->known ? variable->text : "?";
    }
    auto why(std::string const& name) -> std::string { return variables.find(name)->why; }
};

struct Case {
    char const* text;
    char const* value;  // of a
};

TEST_F(Shell, Values) {
    for (Case const& c : std::initializer_list<Case>{
             {"a=1", "1"},
             {"a=", ""},
             {"  a=1  # no", "1"},
             {"a=1#2", "1#2"},
             {"a=x\na=y", "y"},
             {"a='x y'", "x y"},
             {"a='$b\\'", "$b\\"},
             {"a=\"x y\"", "x y"},
             {R"(a="\"\$\\\`\n")", R"("$\`\n)"},
             {"a=\"x\\\ny\"", "xy"},
             {"a=x\\\ny", "xy"},
             {R"(a=x\ y)", "x y"},
             {"a='x'\"y\"z", "xyz"},
             {"a='x\ny'", "x\ny"},
             {"b=1 a=$b", "1"},
             {"b=1; a=${b}2", "12"},
             {"b='x y'\na=\"<$b>\"", "<x y>"},
             {"b=1\na='$b'", "$b"},
             {"b=1\na=$bc", "?"},
             {"a=$", "$"},
             {"a=x$/", "x$/"},
             {"export a=1", "1"},
             {"export a", "-"},
             {"a==1", "=1"},
             {"a=\\", "\\"},
             {"a=\xff\xfe", "\xff\xfe"},
             {"a=x~y", "x~y"},
             {"a='~'", "~"},
             // what only a shell could tell
             {"a=$(rm -rf /)", "?"},
             {"a=`rm -rf /`", "?"},
             {"a=\"x$(echo \")\" ')')y\"", "?"},
             {"a=$((1 + 2))", "?"},
             {"a=${b:-x}", "?"},
             {"a=${b%%.*}", "?"},
             {"a=$1", "?"},
             {"a=$?", "?"},
             {"a=$HOME/x", "?"},
             {"a=~/x", "?"},
             {"a=x:~y", "?"},
             {"b=$(x)\na=$b", "?"},
         }) {
        variables = {};
        told.clear();
        read(c.text);
        EXPECT_EQ(value("a"), c.value) << c.text;
        EXPECT_THAT(told, IsEmpty()) << c.text;
    }
}

// A line that has anything else in it changes nothing, but what it might change is not known any more.
TEST_F(Shell, WhatIsNoAssignment) {
    for (char const* const line : {
             "a=2; rm -rf /",
             "a=2 rm -rf /",
             "a=2 && b=3",
             "[ -f x ] || a=2",
             "a=2 | b",
             "a=2 &",
             "(a=2)",
             "{ a=2; }",
             "if true; then a=2; fi",
             "if true\nthen\n  a=2\nelse\n  a=3\nfi",
             "case $x in\nfoo) a=2 ;;\n*) a=3;;\nesac",
             "for x in 1 2; do a=$x; done",
             "while true\ndo a=2\ndone",
             "f() {\n  a=2\n}",
             "f()\n{\n  if x; then a=2; fi\n}",
             "a=2 >file",
         }) {
        variables = {};
        told.clear();
        read(std::string{"a=1\n"} + line + "\nafter=x");
        EXPECT_EQ(value("a"), "?") << line;
        EXPECT_EQ(value("after"), "x") << line;
        EXPECT_THAT(told, ElementsAre(HasSubstr("2: not read: a shell would have to run this"))) << line;
        EXPECT_THAT(told.front(), HasSubstr("; it would set a")) << line;
    }
}

TEST_F(Shell, CommandsAloneChangeNothing) {
    read("a=1\necho a=2\n: ${a:=3}\nset -e\n. /etc/rc.conf\n");
    EXPECT_EQ(value("a"), "1");
    EXPECT_THAT(told, ElementsAre("2: not read: a shell would have to run this ('echo')",
                                  "3: not read: a shell would have to run this (':')",
                                  "4: not read: a shell would have to run this ('set')",
                                  HasSubstr("5: not read: it includes another file")));
}

TEST_F(Shell, HereDocumentsAreSkipped) {
    read("cat <<EOF\na=1\nb='\nEOF\nc=2\ncat <<-'X'\n\td=1\n\tX\ne=3");
    EXPECT_EQ(value("a") + value("d"), "--");
    EXPECT_EQ(value("c") + value("e"), "23");
    EXPECT_EQ(told.size(), 2U);
}

TEST_F(Shell, BrokenScripts) {
    for (auto const& [text, said] : std::initializer_list<std::pair<char const*, char const*>>{
             {"a=1\nb='x\nc=2", "2: not read: no closing ' follows"},
             {"a=1\nb=\"x\nc=2", "2: not read: no closing \" follows"},
             {"a=1\nb=$(x\nc=2", "2: not read: no closing ) follows"},
             {"a=1\nb=`x\nc=2", "2: not read: no closing ` follows"},
             {"a=1\nb=${x\nc=2", "2: not read: no closing } follows"},
             {"a=1\nif x; then\nc=2", "2: not read: a shell would have to run this ('if'); it does not end"},
         }) {
        variables = {};
        told.clear();
        read(text);
        EXPECT_EQ(value("a"), "1") << text;
        EXPECT_NE(value("c"), "2") << text;
        ASSERT_EQ(told.size(), 1U) << text;
        EXPECT_THAT(told.front(), HasSubstr(said)) << text;
    }
}

TEST_F(Shell, ReasonsAreHandedOn) {
    read("a=$(date)\nb=x$a\nc=$b");
    EXPECT_EQ(why("a"), "only a shell can work out '$(date)'");
    EXPECT_EQ(why("c"), "$b is not known: $a is not known: only a shell can work out '$(date)'");
    read("d=$nothing");
    EXPECT_EQ(why("d"), "$nothing is not set in these files");
}

TEST_F(Shell, ValuesDoNotGrowWithoutEnd) {
    std::string text = "a=xxxxxxxxxx\n";
    for (int i = 0; i < 10; ++i) {
        text += "a=$a$a$a$a$a$a$a$a$a$a\n";
    }
    read(text);
    EXPECT_EQ(value("a"), "?");
    EXPECT_THAT(why("a"), HasSubstr("longer than 64 KiB"));

    text = "b=" + std::string(60'000, 'x') + "\n";
    for (int i = 0; i < 2'000; ++i) {
        text += "c" + std::to_string(i) + "=$b\n";
    }
    read(text);
    EXPECT_THAT(told, ElementsAre(HasSubstr("the values take too much memory")));
    std::size_t bytes = 0;
    for (ShellVariable const& variable : variables.all()) {
        bytes += variable.text.size();
    }
    EXPECT_LE(bytes, ShellVariables::most_bytes);
}

TEST_F(Shell, ReasonsDoNotGrowEither) {
    std::string text = "v0=$(x)\n";
    for (int i = 1; i < 1000; ++i) {
        text += "v" + std::to_string(i) + "=$v" + std::to_string(i - 1) + "\n";
    }
    read(text);
    EXPECT_LE(why("v999").size(), 300U);
}

TEST_F(Shell, DeepNestingIsNoTrouble) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += "if ( $((";
    }
    read(text);
    EXPECT_EQ(told.size(), 1U);
}

}  // namespace
}  // namespace apiary::config
