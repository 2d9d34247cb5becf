// Text to tokens: the lexical rules of bmd's configuration language, with bmd's own slips put right (a stray byte is an
// error and not a silent end of the file).
//
// Faults are reported and read over, so that one run finds as many as possible. Texts of tokens point into the source
// or into `decoded`, which both must outlive them.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include "config/token.hpp"

namespace apiary::config {

class Lexer {
public:
    using Report = std::function<void(Position, std::string)>;

    Lexer(std::string_view source, std::list<std::string>& decoded, Report report);

    [[nodiscard]] auto next() -> Token;

    // The parser gave up on an arithmetic expression: go on behind its end, or behind what was read of it.
    void leave_arithmetic();

    // The file ended within a string, comment, variable or expression: that was reported, more would be noise.
    [[nodiscard]] auto ended_inside() const -> bool { return ended_inside_; }

private:
    [[nodiscard]] auto plain() -> Token;
    [[nodiscard]] auto quoted() -> Token;
    [[nodiscard]] auto single_quoted() -> Token;
    [[nodiscard]] auto arithmetic() -> Token;
    [[nodiscard]] auto operator_in_arithmetic() -> Token;
    [[nodiscard]] auto dollar() -> Token;
    [[nodiscard]] auto braced_variable() -> Token;
    [[nodiscard]] auto word() -> Token;
    [[nodiscard]] auto foreign_bytes() -> Token;
    [[nodiscard]] auto keyword(std::string_view word, bool joined) const -> TokenKind;
    [[nodiscard]] auto make(TokenKind kind, Position at, std::string_view text) -> Token;

    void skip_blanks();
    void skip_block_comment();
    void skip_line();
    void carriage_return();
    void escape(std::string& out);
    void octal_escape(std::string& out, Position at);
    void hex_escape(std::string& out, Position at);
    void add_byte(std::string& out, unsigned value, Position at);

    [[nodiscard]] auto peek(std::size_t ahead = 0) const -> char;
    [[nodiscard]] auto at_end(std::size_t ahead = 0) const -> bool { return pos_ + ahead >= source_.size(); }
    [[nodiscard]] auto starts_variable() const -> bool;
    [[nodiscard]] auto here() const -> Position;
    void advance(std::size_t count = 1);
    void unterminated(Position at, std::string const& what);

    std::string_view source_;
    std::list<std::string>& decoded_;
    Report report_;
    std::size_t pos_ = 0, line_start_ = 0;
    std::uint32_t line_ = 1;

    bool in_quotes_ = false;     // "…", perhaps with an expression in it
    bool quotes_empty_ = false;  // nothing came of it yet
    Position quotes_at_;
    bool in_arithmetic_ = false;
    unsigned depth_ = 0;  // of parentheses in it
    Position arithmetic_at_;

    bool blank_ = false, newline_ = true;  // what stood before the token
    bool after_value_ = false;             // the last token was part of a value
    bool saw_carriage_return_ = false, ended_inside_ = false;
};

}  // namespace apiary::config
