// The lexer outside of quotes and expressions; lexer_quotes.cpp has the rest.
#include "config/lexer.hpp"

#include <utility>

#include "config/characters.hpp"
#include "config/text.hpp"

namespace apiary::config {

Lexer::Lexer(std::string_view source, std::list<std::string>& decoded, Report report)
    : source_{source}, decoded_{decoded}, report_{std::move(report)} {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (source_.starts_with(byte_order_mark)) {
        pos_ = line_start_ = byte_order_mark.size();
    }
}

auto Lexer::peek(std::size_t ahead) const -> char {
    return at_end(ahead) ? '\0' : source_[pos_ + ahead];
}

auto Lexer::here() const -> Position {
    return {line_, static_cast<std::uint32_t>(pos_ - line_start_ + 1)};
}

void Lexer::advance(std::size_t count) {
    for (; count > 0 && pos_ < source_.size(); --count) {
        if (source_[pos_++] == '\n') {
            ++line_;
            line_start_ = pos_;
        }
    }
}

void Lexer::unterminated(Position at, std::string const& what) {
    report_(at, "unterminated " + what);
    in_quotes_ = in_arithmetic_ = false;
    ended_inside_ = ended_inside_ || at_end();
}

auto Lexer::make(TokenKind kind, Position at, std::string_view text) -> Token {
    Token const token{kind, at, text, newline_};
    blank_ = newline_ = false;
    after_value_ = kind == TokenKind::word || kind == TokenKind::text || kind == TokenKind::variable ||
                   kind == TokenKind::arith_close;
    return token;
}

auto Lexer::next() -> Token {
    if (in_arithmetic_) {
        return arithmetic();
    }
    if (in_quotes_) {
        return quoted();
    }
    return plain();
}

void Lexer::skip_line() {
    while (!at_end() && peek() != '\n') {
        ++pos_;
    }
}

void Lexer::skip_block_comment() {
    Position const start = here();
    advance(2);
    while (!at_end()) {
        if (peek() == '*' && peek(1) == '/') {
            advance(2);
            return;
        }
        advance();
    }
    unterminated(start, "comment: no */ follows");
}

// Reported once: a file with CRLF has one at each end of a line.
void Lexer::carriage_return() {
    if (!std::exchange(saw_carriage_return_, true)) {
        report_(here(), "carriage return: lines end with a newline alone (convert the file from CRLF)");
    }
    advance();
}

void Lexer::skip_blanks() {
    while (!at_end()) {
        char const c = peek();
        if (c == '\n') {
            newline_ = true;
            advance();
        } else if (c == ' ' || c == '\t') {
            advance();
        } else if (c == '\r') {
            carriage_return();
        } else if (c == '#' || (c == '/' && peek(1) == '/')) {
            skip_line();
        } else if (c == '/' && peek(1) == '*') {
            skip_block_comment();
        } else if (c == '\\' && peek(1) == '\n') {
            advance(2);
        } else {
            return;
        }
        blank_ = true;
    }
}

auto Lexer::plain() -> Token {
    skip_blanks();
    if (at_end()) {
        return make(TokenKind::end, here(), {});
    }
    Position const at = here();
    char const c = peek();
    auto const single = [&](TokenKind kind) {
        std::string_view const text = source_.substr(pos_, 1);
        advance();
        return make(kind, at, text);
    };
    switch (c) {
        case '{':
            return single(TokenKind::brace_open);
        case '}':
            return single(TokenKind::brace_close);
        case '(':
            return single(TokenKind::paren_open);
        case ')':
            return single(TokenKind::paren_close);
        case ',':
            return single(TokenKind::comma);
        case ';':
            return single(TokenKind::semicolon);
        case '=':
            return single(TokenKind::assign);
        case '*':
        case '/':
            return single(TokenKind::word);
        case '+':
            if (peek(1) == '=') {
                std::string_view const text = source_.substr(pos_, 2);
                advance(2);
                return make(TokenKind::append, at, text);
            }
            return single(TokenKind::word);
        case '$':
            return starts_variable() ? dollar() : single(TokenKind::word);
        case '\'':
            return single_quoted();
        case '"':
            in_quotes_ = quotes_empty_ = true;
            quotes_at_ = at;
            advance();
            return quoted();
        default:
            return is_word_character(c) || c == '\\' ? word() : foreign_bytes();
    }
}

auto Lexer::word() -> Token {
    Position const at = here();
    std::size_t const start = pos_;
    bool const joined = after_value_ && !blank_;
    while (is_word_character(peek())) {
        ++pos_;
    }
    if (peek() != '\\') {
        std::string_view const text = source_.substr(start, pos_ - start);
        return make(keyword(text, joined), at, text);
    }
    std::string& text = decoded_.emplace_back(source_.substr(start, pos_ - start));
    while (!at_end() && (is_word_character(peek()) || peek() == '\\')) {
        if (peek() == '\\') {
            escape(text);
        } else {
            text += peek();
            ++pos_;
        }
    }
    return make(TokenKind::word, at, text);
}

// Within an unquoted path the reserved words are mere names of folders: /data/vm/log.
auto Lexer::keyword(std::string_view word, bool joined) const -> TokenKind {
    bool const path_goes_on = peek() == '/' && peek(1) != '/' && peek(1) != '*';
    if (joined || path_goes_on) {
        return TokenKind::word;
    }
    switch (word.size()) {
        case 2:
            return word == "vm" ? TokenKind::kw_vm : TokenKind::word;
        case 6:
            return word == "global" ? TokenKind::kw_global : word == ".apply" ? TokenKind::kw_apply : TokenKind::word;
        case 8:
            return word == "template"   ? TokenKind::kw_template
                   : word == ".include" ? TokenKind::kw_include
                                        : TokenKind::word;
        default:
            return TokenKind::word;
    }
}

// Taken as a word after the report, so that the parser does not stumble over the hole as well.
auto Lexer::foreign_bytes() -> Token {
    Position const at = here();
    std::size_t const start = pos_;
    do {
        ++pos_;
    } while (!at_end() && is_foreign(peek()));
    std::string_view const text = source_.substr(start, pos_ - start);
    report_(at,
            "unexpected " + quoted_text(text) +
                (static_cast<unsigned char>(text.front()) >= 0x80 ? ": characters outside of ASCII must stand in quotes"
                                                                  : ": a control character cannot stand here"));
    return make(TokenKind::word, at, text);
}

auto Lexer::starts_variable() const -> bool {
    char const c = peek(1);
    return is_name_start(c) || c == '{' || (c == '(' && peek(2) == '(');
}

}  // namespace apiary::config
