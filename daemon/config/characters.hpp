// Classes of characters in bmd's language. ASCII only and independent of the locale.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace apiary::config {

constexpr auto is_digit(char c) -> bool {
    return c >= '0' && c <= '9';
}

constexpr auto is_letter(char c) -> bool {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr auto is_name_start(char c) -> bool {
    return is_letter(c) || c == '_';
}

constexpr auto is_name_character(char c) -> bool {
    return is_name_start(c) || is_digit(c);
}

constexpr auto is_octal(char c) -> bool {
    return c >= '0' && c <= '7';
}

// -1: none
constexpr auto hex_value(char c) -> int {
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

constexpr auto folded(char c) -> char {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// A class as a table: the lexer asks about every character.
class CharacterClass {
public:
    template <typename Is>
    explicit constexpr CharacterClass(Is is) {
        for (std::size_t i = 0; i < members_.size(); ++i) {
            members_[i] = is(static_cast<char>(static_cast<unsigned char>(i)));
        }
    }
    [[nodiscard]] constexpr auto has(char c) const -> bool { return members_[static_cast<unsigned char>(c)]; }

private:
    std::array<bool, 256> members_{};
};

inline constexpr CharacterClass word_characters{[](char c) {
    return is_name_character(c) ||
           (c != '\0' && std::string_view{"!%&-.:<>?@[]^`|~"}.find(c) != std::string_view::npos);
}};

// What may stand in an unquoted word. (The backslash, which starts an escape, and the single characters $ * + / are
// seen to by the lexer.)
constexpr auto is_word_character(char c) -> bool {
    return word_characters.has(c);
}

// Bytes that have no meaning outside of quotes.
constexpr auto is_foreign(char c) -> bool {
    auto const byte = static_cast<unsigned char>(c);
    return byte >= 0x7f || (byte < 0x20 && c != '\t' && c != '\n' && c != '\r');
}

}  // namespace apiary::config
