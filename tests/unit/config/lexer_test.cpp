// The lexical rules: each token's kind, text and place, and each fault's.
#include "config/lexer.hpp"

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <vector>

namespace apiary::config {
namespace {

using K = TokenKind;

struct Seen {
    K kind;
    std::string text;
    unsigned line, column;
    friend auto operator==(Seen const&, Seen const&) -> bool = default;
    friend void PrintTo(Seen const& seen, std::ostream* out) {
        *out << static_cast<int>(seen.kind) << " '" << seen.text << "' " << seen.line << ":" << seen.column;
    }
};

struct Lexed {
    std::vector<Seen> tokens;
    std::vector<std::string> faults;  // L:C: text
};

auto lex(std::string const& source) -> Lexed {
    Lexed out;
    std::list<std::string> decoded;
    Lexer lexer{source, decoded, [&](Position at, std::string const& text) {
                    out.faults.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + text);
                }};
    for (Token token = lexer.next(); token.kind != K::end && out.tokens.size() < 100; token = lexer.next()) {
        out.tokens.push_back({token.kind, std::string{token.text}, token.at.line, token.at.column});
    }
    return out;
}

auto tokens(std::string const& source) -> std::vector<Seen> {
    Lexed out = lex(source);
    EXPECT_TRUE(out.faults.empty()) << out.faults.front();
    return out.tokens;
}

// All pieces of a value, joined.
auto joined(std::string const& source) -> std::string {
    std::string out;
    for (Seen const& seen : tokens(source)) {
        out += seen.text;
    }
    return out;
}

using Tokens = std::vector<Seen>;
using Faults = std::vector<std::string>;

TEST(Lexer, PunctuationAndPlaces) {
    EXPECT_EQ(tokens("vm a {\n\tk = v;\n}"), (Tokens{{K::kw_vm, "vm", 1, 1},
                                                     {K::word, "a", 1, 4},
                                                     {K::brace_open, "{", 1, 6},
                                                     {K::word, "k", 2, 2},
                                                     {K::assign, "=", 2, 4},
                                                     {K::word, "v", 2, 6},
                                                     {K::semicolon, ";", 2, 7},
                                                     {K::brace_close, "}", 3, 1}}));
    EXPECT_EQ(tokens("a+=b+c"), (Tokens{{K::word, "a", 1, 1},
                                        {K::append, "+=", 1, 2},
                                        {K::word, "b", 1, 4},
                                        {K::word, "+", 1, 5},
                                        {K::word, "c", 1, 6}}));
}

TEST(Lexer, WordCharacters) {
    EXPECT_EQ(tokens("Az09_!%&-.:<>?@[]^`|~"), (Tokens{{K::word, "Az09_!%&-.:<>?@[]^`|~", 1, 1}}));
    EXPECT_EQ(tokens("*/ $ +"),
              (Tokens{{K::word, "*", 1, 1}, {K::word, "/", 1, 2}, {K::word, "$", 1, 4}, {K::word, "+", 1, 6}}));
}

TEST(Lexer, CommentsStandAnywhereOutsideOfQuotes) {
    EXPECT_EQ(tokens("ab/*x\n*/cd"), (Tokens{{K::word, "ab", 1, 1}, {K::word, "cd", 2, 3}}));
    EXPECT_EQ(tokens("abc#def\ng"), (Tokens{{K::word, "abc", 1, 1}, {K::word, "g", 2, 1}}));
    EXPECT_EQ(joined("http://x/y"), "http:");
    EXPECT_EQ(joined("'#' \"//\" /* a /* b */"), "#//");
    EXPECT_EQ(lex("a\n /* b").faults, (Faults{"2:2: unterminated comment: no */ follows"}));
}

TEST(Lexer, EscapesAreTheSameInAllThreePlaces) {
    for (std::string const& quote : {std::string{}, std::string{"'"}, std::string{"\""}}) {
        EXPECT_EQ(joined(quote + "\\a\\b\\f\\n\\r\\t\\v\\\\\\$\\;" + quote), "\a\b\f\n\r\t\v\\$;") << quote;
        EXPECT_EQ(joined(quote + "\\101\\60\\7x\\1012\\x41\\x4g" + quote),
                  "A0\ax"
                  "A2A\x04g")
            << quote;
        EXPECT_EQ(joined(quote + "a\\\nb" + quote), "ab") << quote;
        EXPECT_EQ(lex(quote + "a\\xz" + quote).faults,
                  (Faults{"1:" + std::to_string(quote.size() + 2) +
                          ": invalid escape: one or two hexadecimal digits follow \\x"}));
        EXPECT_EQ(lex(quote + "\\0" + quote).faults.size(), 1U);
        EXPECT_EQ(lex(quote + "\\777" + quote).faults.size(), 1U);
    }
    EXPECT_EQ(lex("a\\").faults, (Faults{"1:2: unterminated escape: nothing follows the backslash"}));
    EXPECT_EQ(tokens("a \\\n b"), (Tokens{{K::word, "a", 1, 1}, {K::word, "b", 2, 2}}));
}

TEST(Lexer, Quotes) {
    EXPECT_EQ(tokens("'a $b \"c'"), (Tokens{{K::text, "a $b \"c", 1, 1}}));
    EXPECT_EQ(tokens("\"\" ''"), (Tokens{{K::text, "", 1, 1}, {K::text, "", 1, 4}}));
    EXPECT_EQ(tokens("\"a\nb\" c"), (Tokens{{K::text, "a\nb", 1, 1}, {K::word, "c", 2, 4}}));
    EXPECT_EQ(tokens("\"x$y ${z}$\"w"), (Tokens{{K::text, "x", 1, 1},
                                                {K::variable, "y", 1, 3},
                                                {K::text, " ", 1, 5},
                                                {K::variable, "z", 1, 6},
                                                {K::text, "$", 1, 10},
                                                {K::word, "w", 1, 12}}));
    EXPECT_EQ(tokens("\"$x\""), (Tokens{{K::variable, "x", 1, 2}}));
    EXPECT_EQ(joined("\"$ 5$ $(x) $\""), "$ 5$ $(x) $");
    EXPECT_EQ(lex("\n 'ab").faults, (Faults{"2:2: unterminated string: no closing ' follows"}));
    EXPECT_EQ(lex("\"ab$x").faults, (Faults{"1:1: unterminated string: no closing \" follows"}));
}

TEST(Lexer, Variables) {
    EXPECT_EQ(
        tokens("$a_1-${q r}${\\}}"),
        (Tokens{
            {K::variable, "a_1", 1, 1}, {K::word, "-", 1, 5}, {K::variable, "q r", 1, 6}, {K::variable, "}", 1, 12}}));
    EXPECT_EQ(tokens("$1"), (Tokens{{K::word, "$", 1, 1}, {K::word, "1", 1, 2}}));
    EXPECT_EQ(lex("${a\n}").faults, (Faults{"1:1: unterminated variable: no } follows on this line"}));
    EXPECT_EQ(lex("${}").faults, (Faults{"1:1: a variable needs a name between the braces: ${NAME}"}));
}

TEST(Lexer, Arithmetic) {
    EXPECT_EQ(tokens("a$(( 0x1F+(${b}-07) ))c"), (Tokens{{K::word, "a", 1, 1},
                                                         {K::arith_open, "$((", 1, 2},
                                                         {K::number, "0x1F", 1, 6},
                                                         {K::plus, "+", 1, 10},
                                                         {K::paren_open, "(", 1, 11},
                                                         {K::variable, "b", 1, 12},
                                                         {K::minus, "-", 1, 16},
                                                         {K::number, "07", 1, 17},
                                                         {K::paren_close, ")", 1, 19},
                                                         {K::arith_close, "))", 1, 21},
                                                         {K::word, "c", 1, 23}}));
    EXPECT_EQ(tokens("\"<$((1%2))>\""), (Tokens{{K::text, "<", 1, 1},
                                                {K::arith_open, "$((", 1, 3},
                                                {K::number, "1", 1, 6},
                                                {K::modulo, "%", 1, 7},
                                                {K::number, "2", 1, 8},
                                                {K::arith_close, "))", 1, 9},
                                                {K::text, ">", 1, 11}}));
    EXPECT_EQ(lex("$((1 + ").faults, (Faults{"1:1: unterminated expression: no )) follows"}));
}

TEST(Lexer, ReservedWords) {
    EXPECT_EQ(tokens("global vm template .apply .include"), (Tokens{{K::kw_global, "global", 1, 1},
                                                                    {K::kw_vm, "vm", 1, 8},
                                                                    {K::kw_template, "template", 1, 11},
                                                                    {K::kw_apply, ".apply", 1, 20},
                                                                    {K::kw_include, ".include", 1, 27}}));
    EXPECT_EQ(
        tokens("vm1 VM xapply .applyx"),
        (Tokens{
            {K::word, "vm1", 1, 1}, {K::word, "VM", 1, 5}, {K::word, "xapply", 1, 8}, {K::word, ".applyx", 1, 15}}));
    for (Seen const& seen : tokens("/data/vm/template template/x")) {
        EXPECT_EQ(seen.kind, K::word) << seen.text;  // in a path they are names of folders
    }
}

TEST(Lexer, ForeignBytes) {
    EXPECT_EQ(lex("a \xC3\xB6 b").faults,
              (Faults{"1:3: unexpected '\xC3\xB6': characters outside of ASCII must stand in quotes"}));
    EXPECT_EQ(lex("a\x01").faults, (Faults{"1:2: unexpected '\\x01': a control character cannot stand here"}));
    EXPECT_EQ(lex(std::string{"a \0 b", 5}).faults.size(), 1U);
    EXPECT_EQ(lex(std::string{"'a\0b'", 5}).faults, (Faults{"1:3: NUL byte: a text cannot contain one"}));
    EXPECT_EQ(lex(std::string{"\"a\0b\"", 5}).faults, (Faults{"1:3: NUL byte: a text cannot contain one"}));
    EXPECT_EQ(joined("'gr\xC3\xB6\xC3\x9F' # \xFF"), "gr\xC3\xB6\xC3\x9F");
    EXPECT_EQ(tokens("\xEF\xBB\xBFvm"), (Tokens{{K::kw_vm, "vm", 1, 1}}));
}

TEST(Lexer, CarriageReturnsAreReportedOnce) {
    auto const out = lex("a\r\nb\r\n");
    ASSERT_EQ(out.faults.size(), 1U);
    EXPECT_TRUE(out.faults[0].starts_with("1:2: carriage return")) << out.faults[0];
    EXPECT_EQ(out.tokens, (Tokens{{K::word, "a", 1, 1}, {K::word, "b", 2, 1}}));
    EXPECT_EQ(joined("'\r\n'"), "\r\n");
}

}  // namespace
}  // namespace apiary::config
