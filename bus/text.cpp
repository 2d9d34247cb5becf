// Text from anywhere, made fit for the bus.
#include "bus/text.hpp"

#include <cstdint>

namespace apiary::bus {

namespace {

// Length of the valid character at the front of `text` (not empty), or 0.
auto character_length(std::string_view text) -> std::size_t {
    auto const byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
    auto const first = byte(0);
    if (first < 0x80) {
        return first == 0 ? 0 : 1;
    }
    std::size_t const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) {
        return 0;
    }
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xc0) != 0x80) {
            return 0;
        }
    }
    auto const second = byte(1);
    bool const overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    bool const surrogate = first == 0xed && second > 0x9f;
    bool const beyond = first == 0xf4 && second > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

auto clean_text(std::string_view text, std::size_t cap) -> std::string {
    constexpr std::string_view replacement = "\xef\xbf\xbd";
    std::string clean;
    while (!text.empty()) {
        std::size_t const length = character_length(text);
        std::string_view const piece = length > 0 ? text.substr(0, length) : replacement;
        if (clean.size() + piece.size() > cap) {
            break;
        }
        clean += piece;
        text.remove_prefix(length > 0 ? length : 1);
    }
    return clean;
}

}  // namespace apiary::bus
