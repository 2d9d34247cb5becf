// The smallest parts of the configuration language, and where they stand.
#pragma once

#include <cstdint>
#include <string_view>

namespace apiary::config {

struct Position {
    std::uint32_t line = 1;    // from 1
    std::uint32_t column = 1;  // from 1, in bytes

    friend auto operator==(Position const&, Position const&) -> bool = default;
};

enum class TokenKind : std::uint8_t {
    end,
    // parts of a value
    word,         // unquoted, escapes decoded
    text,         // quoted, or a part of it between two variables
    variable,     // its name
    arith_open,   // $((
    arith_close,  // ))
    // words with a meaning
    kw_global,
    kw_vm,
    kw_template,
    kw_include,
    kw_apply,
    // punctuation
    brace_open,
    brace_close,
    paren_open,
    paren_close,
    comma,
    semicolon,
    assign,
    append,
    // inside $(( ))
    number,
    plus,
    minus,
    times,
    divide,
    modulo,
    stray,  // what cannot stand there
};

struct Token {
    TokenKind kind = TokenKind::end;
    Position at;
    std::string_view text;       // decoded; of punctuation: as written
    bool first_on_line = false;  // only blanks and comments stand before it
};

}  // namespace apiary::config
