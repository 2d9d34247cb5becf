// The parser's inside: a token of look-ahead, and the rules of the grammar.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/lexer.hpp"
#include "config/parser.hpp"
#include "config/tree.hpp"

namespace apiary::config {

// Rules return false where they met a syntax error, which they have reported; the caller up to the next statement or
// section finds a place to go on.
class Parser {
public:
    Parser(std::string_view source, SyntaxReport report);
    [[nodiscard]] auto run() -> Tree;

private:
    void top_level();
    void include();
    [[nodiscard]] auto section(Section::Kind kind) -> bool;
    [[nodiscard]] auto section_name(Section& section) -> bool;
    [[nodiscard]] auto parameters(Section& section) -> bool;
    void body(Section& section);
    [[nodiscard]] auto statement(Section& section) -> bool;
    [[nodiscard]] auto read_statement(Statement& statement) -> bool;
    [[nodiscard]] auto assignment(Statement& statement) -> bool;
    [[nodiscard]] auto apply(Statement& statement) -> bool;
    [[nodiscard]] auto target(ApplyTarget& target) -> bool;
    [[nodiscard]] auto value(Value& value) -> bool;

    [[nodiscard]] auto arithmetic(Piece& piece) -> bool;
    [[nodiscard]] auto sum(Piece& piece, unsigned depth) -> bool;
    [[nodiscard]] auto product(Piece& piece, unsigned depth) -> bool;
    [[nodiscard]] auto operand(Piece& piece, unsigned depth) -> bool;
    [[nodiscard]] auto group(Piece& piece, unsigned depth) -> bool;

    void advance();
    [[nodiscard]] auto is(TokenKind kind) const -> bool { return token_.kind == kind; }
    [[nodiscard]] auto accept(TokenKind kind) -> bool;
    [[nodiscard]] auto expect(TokenKind kind, std::string_view wanted) -> bool;
    [[nodiscard]] auto fail(std::string const& wanted) -> bool;  // false
    [[nodiscard]] auto opens_section() const -> bool;
    void report(Position at, std::string text);
    void skip();
    void skip_statement();
    void skip_to_section();

    Tree tree_;
    SyntaxReport report_;
    unsigned errors_ = 0;
    Lexer lexer_;
    Token token_, last_;
};

}  // namespace apiary::config
