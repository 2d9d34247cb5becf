// Which characters may stand where in UCL.
#pragma once

namespace apiary::config::ucl {

constexpr auto starts_key(char c) -> bool {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

constexpr auto continues_key(char c) -> bool {
    return starts_key(c) || c == '-' || c == '.';
}

constexpr auto is_blank(char c) -> bool {
    return c == ' ' || c == '\t';
}

// Ends a value without quotes.
constexpr auto ends_bare(char c) -> bool {
    return c == '\0' || c == '\n' || c == '\r' || c == '#' || c == ',' || c == ';' || c == ']' || c == '}';
}

}  // namespace apiary::config::ucl
