// The lexer inside of quotes, variables and $(( )), and what a backslash means.
#include "config/characters.hpp"
#include "config/lexer.hpp"
#include "config/text.hpp"

namespace apiary::config {

auto Lexer::single_quoted() -> Token {
    Position const at = here();
    advance();
    std::size_t const start = pos_;
    std::string* decoded = nullptr;
    while (!at_end()) {
        char const c = peek();
        if (c == '\'') {
            std::string_view const text =
                decoded != nullptr ? std::string_view{*decoded} : source_.substr(start, pos_ - start);
            advance();
            return make(TokenKind::text, at, text);
        }
        if (c == '\\' || c == '\0') {
            if (decoded == nullptr) {
                decoded = &decoded_.emplace_back(source_.substr(start, pos_ - start));
            }
            if (c == '\\') {
                escape(*decoded);
            } else {
                add_byte(*decoded, 0, here());
                advance();
            }
            continue;
        }
        if (decoded != nullptr) {
            *decoded += c;
        }
        advance();
    }
    unterminated(at, "string: no closing ' follows");
    return make(TokenKind::end, here(), {});
}

// One piece of "…": text up to a variable, a variable, or the start of an expression.
auto Lexer::quoted() -> Token {
    Position const at = quotes_empty_ ? quotes_at_ : here();
    std::size_t const start = pos_;
    std::string* decoded = nullptr;  // from the first escape on
    while (!at_end()) {
        char const c = peek();
        bool const closes = c == '"';
        if (closes || (c == '$' && starts_variable())) {
            std::string_view const text =
                decoded != nullptr ? std::string_view{*decoded} : source_.substr(start, pos_ - start);
            if (!text.empty() || (closes && quotes_empty_)) {
                if (closes) {
                    advance();
                    in_quotes_ = false;
                }
                quotes_empty_ = false;
                return make(TokenKind::text, at, text);
            }
            if (!closes) {
                quotes_empty_ = false;
                return dollar();
            }
            advance();
            in_quotes_ = blank_ = newline_ = false;
            return plain();
        }
        if (c == '\\' || c == '\0') {
            if (decoded == nullptr) {
                decoded = &decoded_.emplace_back(source_.substr(start, pos_ - start));
            }
            if (c == '\\') {
                escape(*decoded);
            } else {
                add_byte(*decoded, 0, here());
                advance();
            }
            continue;
        }
        if (decoded != nullptr) {
            *decoded += c;
        }
        advance();
    }
    unterminated(quotes_at_, "string: no closing \" follows");
    return make(TokenKind::end, here(), {});
}

auto Lexer::dollar() -> Token {
    Position const at = here();
    if (peek(1) == '(') {
        std::string_view const text = source_.substr(pos_, 3);
        advance(3);
        in_arithmetic_ = true;
        depth_ = 0;
        arithmetic_at_ = at;
        return make(TokenKind::arith_open, at, text);
    }
    if (peek(1) == '{') {
        return braced_variable();
    }
    advance();
    std::size_t const start = pos_;
    while (is_name_character(peek())) {
        ++pos_;
    }
    return make(TokenKind::variable, at, source_.substr(start, pos_ - start));
}

auto Lexer::braced_variable() -> Token {
    Position const at = here();
    advance(2);
    std::size_t const start = pos_;
    std::string* decoded = nullptr;  // from the first escape on
    auto const name = [&] {
        return decoded != nullptr ? std::string_view{*decoded} : source_.substr(start, pos_ - start);
    };
    while (!at_end()) {
        char const c = peek();
        if (c == '}') {
            std::string_view const text = name();
            advance();
            if (text.empty()) {
                report_(at, "a variable needs a name between the braces: ${NAME}");
            }
            return make(TokenKind::variable, at, text);
        }
        if (c == '\n' || c == '{' || (c == '"' && in_quotes_)) {
            break;
        }
        if (c == '\\' || c == '\0') {
            if (decoded == nullptr) {
                decoded = &decoded_.emplace_back(name());
            }
            if (c == '\\') {
                escape(*decoded);
            } else {
                add_byte(*decoded, 0, here());
                advance();
            }
            continue;
        }
        if (decoded != nullptr) {
            *decoded += c;
        }
        ++pos_;
    }
    std::string_view const text = name();
    bool const in_quotes = in_quotes_;
    unterminated(at, "variable: no } follows on this line");
    in_quotes_ = in_quotes && !at_end();
    return make(TokenKind::variable, at, text);
}

auto Lexer::arithmetic() -> Token {
    while (peek() == ' ' || peek() == '\t') {
        ++pos_;
    }
    Position const at = here();
    if (at_end()) {
        unterminated(arithmetic_at_, "expression: no )) follows");
        return make(TokenKind::end, at, {});
    }
    std::size_t const start = pos_;
    if (is_digit(peek())) {
        bool const hexadecimal = peek() == '0' && peek(1) == 'x' && hex_value(peek(2)) >= 0;
        pos_ += hexadecimal ? 2 : 0;
        while (hexadecimal ? hex_value(peek()) >= 0 : is_digit(peek())) {
            ++pos_;
        }
        return make(TokenKind::number, at, source_.substr(start, pos_ - start));
    }
    if (is_name_start(peek())) {
        while (is_name_character(peek())) {
            ++pos_;
        }
        return make(TokenKind::stray, at, source_.substr(start, pos_ - start));
    }
    if (peek() == '$' && (is_name_start(peek(1)) || peek(1) == '{')) {
        return dollar();
    }
    return operator_in_arithmetic();
}

auto Lexer::operator_in_arithmetic() -> Token {
    Position const at = here();
    auto kind = TokenKind::stray;
    std::size_t length = 1;
    switch (peek()) {
        case '+':
            kind = TokenKind::plus;
            break;
        case '-':
            kind = TokenKind::minus;
            break;
        case '*':
            kind = TokenKind::times;
            break;
        case '/':
            kind = TokenKind::divide;
            break;
        case '%':
            kind = TokenKind::modulo;
            break;
        case '(':
            kind = TokenKind::paren_open;
            ++depth_;
            break;
        case ')':
            if (depth_ > 0) {
                kind = TokenKind::paren_close;
                --depth_;
            } else if (peek(1) == ')') {
                kind = TokenKind::arith_close;
                length = 2;
                in_arithmetic_ = false;
            }
            break;
        default:
            break;
    }
    std::string_view const text = source_.substr(pos_, length);
    if (kind != TokenKind::stray) {
        advance(length);  // a stray stays: it may be the ; at which the parser goes on
    }
    return make(kind, at, text);
}

void Lexer::leave_arithmetic() {
    if (!in_arithmetic_) {
        return;
    }
    in_arithmetic_ = false;
    for (std::size_t ahead = 0; !at_end(ahead); ++ahead) {
        char const c = peek(ahead);
        if (c == ')' && peek(ahead + 1) == ')') {
            advance(ahead + 2);
            return;
        }
        if (c == '\n' || c == ';' || c == '"') {
            advance(ahead);
            return;
        }
    }
    advance(source_.size() - pos_);
}

void Lexer::add_byte(std::string& out, unsigned value, Position at) {
    if (value == 0) {
        report_(at, "NUL byte: a text cannot contain one");
    } else if (value > 0xff) {
        report_(at, "invalid escape: a byte has at most the value \\377");
    } else {
        out += static_cast<char>(value);
    }
}

void Lexer::octal_escape(std::string& out, Position at) {
    unsigned value = 0;
    for (int digits = 0; digits < 3 && is_octal(peek()); ++digits, ++pos_) {
        value = value * 8 + static_cast<unsigned>(peek() - '0');
    }
    add_byte(out, value, at);
}

void Lexer::hex_escape(std::string& out, Position at) {
    ++pos_;
    if (hex_value(peek()) < 0) {
        report_(at, "invalid escape: one or two hexadecimal digits follow \\x");
        return;
    }
    unsigned value = 0;
    for (int digits = 0; digits < 2 && hex_value(peek()) >= 0; ++digits, ++pos_) {
        value = value * 16 + static_cast<unsigned>(hex_value(peek()));
    }
    add_byte(out, value, at);
}

// At a backslash: decodes it and what belongs to it.
void Lexer::escape(std::string& out) {
    Position const at = here();
    advance();
    if (at_end()) {
        unterminated(at, "escape: nothing follows the backslash");
        return;
    }
    char const c = peek();
    if (is_octal(c)) {
        octal_escape(out, at);
        return;
    }
    if (c == 'x') {
        hex_escape(out, at);
        return;
    }
    constexpr std::string_view letters = "abfnrtv", meanings = "\a\b\f\n\r\t\v";
    if (auto const index = letters.find(c); c != '\0' && index != std::string_view::npos) {
        out += meanings[index];
    } else if (c != '\n') {
        add_byte(out, static_cast<unsigned char>(c), at);
    }
    advance();
}

}  // namespace apiary::config
