// The grammar: trees, and where each syntax error is found.
#include "config/parser.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace apiary::config {
namespace {

struct Parsed {
    Tree tree;
    std::vector<std::string> errors;
};

auto parsed(std::string const& source) -> Parsed {
    Parsed out;
    out.tree = parse(source, [&](Position at, std::string const& text) {
        out.errors.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + text);
    });
    EXPECT_EQ(out.tree.failed, !out.errors.empty());
    return out;
}

// The beginnings of all messages.
auto places(std::string const& source) -> std::vector<std::string> {
    std::vector<std::string> out;
    for (std::string const& error : parsed(source).errors) {
        out.push_back(error.substr(0, error.find(": expected")));
    }
    return out;
}

using Places = std::vector<std::string>;

TEST(Parser, ReadsSections) {
    std::string const source = "global { $a = 1; }\ntemplate t(x, y = 2 3) { k = v; }\nvm \"a b\" { .apply t(1,), u; }";
    auto const out = parsed(source);
    ASSERT_TRUE(out.errors.empty());
    ASSERT_EQ(out.tree.sections.size(), 3U);
    Section const& t = out.tree.sections[1];
    EXPECT_EQ(t.name, "t");
    EXPECT_EQ(t.name_at, (Position{2, 10}));
    ASSERT_EQ(t.parameters.size(), 2U);
    EXPECT_FALSE(t.parameters[0].has_default);
    EXPECT_EQ(t.parameters[1].default_value.pieces.size(), 2U);
    Section const& vm = out.tree.sections[2];
    EXPECT_EQ(vm.name, "a b");
    EXPECT_EQ(vm.at, (Position{3, 1}));
    ASSERT_EQ(vm.body.size(), 1U);
    ASSERT_EQ(vm.body[0].targets.size(), 2U);
    ASSERT_EQ(vm.body[0].targets[0].arguments.size(), 2U);
    EXPECT_TRUE(vm.body[0].targets[0].arguments[1].pieces.empty());
}

TEST(Parser, ReadsAssignments) {
    std::string const source = "vm a { k = a\"b c\"$d, $((1+2*3)) ,; $x += ; \"q\" = ''; }";
    auto const out = parsed(source);
    ASSERT_TRUE(out.errors.empty());
    auto const& body = out.tree.sections.at(0).body;
    ASSERT_EQ(body.size(), 3U);
    ASSERT_EQ(body[0].values.size(), 3U);
    EXPECT_EQ(body[0].values[0].pieces.size(), 3U);
    EXPECT_EQ(body[0].values[0].at, (Position{1, 12}));
    EXPECT_TRUE(body[0].values[2].pieces.empty());
    std::string kinds;
    for (ArithmeticStep const& step : body[0].values[1].pieces.at(0).steps) {
        kinds += step.kind == ArithmeticStep::Kind::number ? std::string{step.text}
                 : step.kind == ArithmeticStep::Kind::plus ? "+"
                                                           : "*";
    }
    EXPECT_EQ(kinds, "123*+");
    EXPECT_EQ(body[1].kind, Statement::Kind::variable);
    EXPECT_TRUE(body[1].append);
    EXPECT_EQ(body[2].name, "q");
}

struct ErrorCase {
    char const* source;
    Places places;
};

class SyntaxError : public testing::TestWithParam<ErrorCase> {};

TEST_P(SyntaxError, IsFoundInItsPlace) {
    EXPECT_EQ(places(GetParam().source), GetParam().places) << GetParam().source;
}

INSTANTIATE_TEST_SUITE_P(
    Parser, SyntaxError,
    testing::Values(
        ErrorCase{"x", {"1:1: syntax error at 'x'"}}, ErrorCase{"vm { }", {"1:4: syntax error at '{'"}},
        ErrorCase{"VM a { }", {"1:1: syntax error at 'VM'"}}, ErrorCase{"vm a b { }", {"1:6: syntax error at 'b'"}},
        ErrorCase{"vm \"a-$X\" { }", {"1:7: syntax error at '$X'"}},
        ErrorCase{"vm a/b { }", {"1:5: syntax error at '/'"}}, ErrorCase{"vm a { k; }", {"1:9: syntax error at ';'"}},
        ErrorCase{"vm a { ; }", {"1:8: syntax error at ';'"}},
        ErrorCase{"vm a { k = a=b; }", {"1:13: syntax error at '='"}},
        ErrorCase{"vm a { k = a+=b; }", {"1:13: syntax error at '+='"}},
        ErrorCase{"vm a { k = (x); }", {"1:12: syntax error at '('"}},
        ErrorCase{"vm a { k = vm; }", {"1:12: syntax error at 'vm'"}},
        ErrorCase{"vm a { k l = 1; }", {"1:10: syntax error at 'l'"}},
        ErrorCase{"vm a { k = 1 }", {"1:14: syntax error at '}'"}},
        ErrorCase{"vm a {\nk = 1\nl = 2;\n}", {"3:3: syntax error at '='"}},
        ErrorCase{"vm a {\nk = 1;\n\nvm b { }", {"4:1: syntax error at 'vm'"}},
        ErrorCase{"vm a { k = 1;",
                  {"1:14: syntax error: the file ends here; expected a key, or the '}' of the section of line 1"}},
        ErrorCase{".apply t;", {"1:1: syntax error at '.apply'"}},
        ErrorCase{"vm a { apply t; }", {"1:14: syntax error at 't'"}},
        ErrorCase{"template t() { }", {"1:12: syntax error at ')'"}},
        ErrorCase{"template t($a) { }", {"1:12: syntax error at '$a'"}},
        ErrorCase{"vm a { .apply t(1; }", {"1:18: syntax error at ';'"}},
        ErrorCase{"vm a { k = $((+1)); }", {"1:15: syntax error at '+'"}},
        ErrorCase{"vm a { k = $((ID)); }", {"1:15: syntax error at 'ID'"}},
        ErrorCase{"vm a { k = $((0X1)); }", {"1:16: syntax error at 'X1'"}},
        ErrorCase{"vm a { k = $((2**3)); }", {"1:17: syntax error at '*'"}},
        ErrorCase{"vm a { k = $((1+2); }", {"1:18: syntax error at ')'"}},
        ErrorCase{"vm a { k = $((1 /* */)); }", {"1:18: syntax error at '*'"}},
        ErrorCase{"vm a { k = $((1\n)); }", {"1:16: syntax error at 'end of line'"}},
        ErrorCase{"vm a { k = $(()); }", {"1:15: syntax error at '))'"}},
        ErrorCase{"vm a { k = $((--1)); }", {"1:16: syntax error at '-'"}},
        ErrorCase{"vm a { k = \"x; }", {"1:12: unterminated string: no closing \" follows"}},
        // several in one file
        ErrorCase{"vm a { k; l = 1; m n = 2; }\nvm b { o; }",
                  {"1:9: syntax error at ';'", "1:20: syntax error at 'n'", "2:9: syntax error at ';'"}}));

TEST(Parser, ReadsIncludes) {
    std::string const source = "vm a { }\n  .include \"x/\" $d *.conf;\nvm b { }\n.include ;";
    auto const out = parsed(source);
    ASSERT_TRUE(out.errors.empty());
    ASSERT_EQ(out.tree.includes.size(), 2U);
    EXPECT_EQ(out.tree.includes[0].at, (Position{2, 3}));
    EXPECT_EQ(out.tree.includes[0].sections_before, 1U);
    EXPECT_EQ(out.tree.includes[0].path.pieces.size(), 4U);
    EXPECT_EQ(out.tree.includes[1].sections_before, 2U);
    EXPECT_TRUE(out.tree.includes[1].path.pieces.empty());
}

// One mistake, one message: also where the section goes on, and where it was meant to be over.
TEST(Parser, IncludesInSections) {
    for (auto const& [source, where] :
         std::map<std::string, std::string>{{"vm a {\n k = 1;\n .include \"x\";\n l = 2;\n}\nvm b { }", "3:2"},
                                            {"template t { .include x }\nvm b { }", "1:14"},
                                            {"global {\n.include x; }", "2:1"},
                                            {"vm a {\n k = 1;\n.include x;\nvm b { }", "3:1"},
                                            {"vm a {\n.include x;", "2:1"},
                                            {"vm a {\n.include", "2:1"}}) {
        auto const out = parsed(source);
        EXPECT_EQ(out.errors,
                  Places{where + ": .include stands outside of sections (is the '}' of the section of line 1 "
                                 "missing before it?)"})
            << source;
        EXPECT_TRUE(out.tree.includes.empty());
    }
    EXPECT_EQ(places("vm a { .include x; k; }\nvm b { l; }").size(), 3U);
}

TEST(Parser, SaysWhatMayBeMissing) {
    EXPECT_NE(parsed("vm a {\nk = 1\nl = 2;\n}").errors.at(0).find("missing at the end of the line before"),
              std::string::npos);
    EXPECT_NE(parsed("vm a { k = a=b; }").errors.at(0).find("must be quoted"), std::string::npos);
}

TEST(Parser, ErrorsAreBounded) {
    std::string source = "vm a {";
    for (int i = 0; i < 1000; ++i) {
        source += " k;";
    }
    EXPECT_EQ(parsed(source).errors.size(), most_syntax_errors);
}

TEST(Parser, NestingIsBounded) {
    std::string const fine = std::string(100, '('), closing = std::string(100, ')');
    EXPECT_TRUE(parsed("vm a { k = $((" + fine + "1" + closing + ")); }").errors.empty());
    EXPECT_EQ(parsed("vm a { k = $((" + std::string(100000, '(') + "1)); }").errors.size(), 1U);
}

// Skipping after an error must get past anything, also past the start of an expression.
TEST(Parser, ComesToAnEnd) {
    EXPECT_FALSE(parsed("vm a { k = {; $((2*:/x; } = \"$8)); }b").errors.empty());
    EXPECT_FALSE(parsed("$(( ; \"$((").errors.empty());
    EXPECT_FALSE(parsed("vm a { k = \"$((1;").errors.empty());
}

}  // namespace
}  // namespace apiary::config
