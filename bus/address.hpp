// Addresses of message buses, as the D-Bus specification writes them.
#pragma once

#include <string>
#include <string_view>

namespace apiary::bus {

// A value within an address, as a path: all bytes but those that the specification lets stand as they are become %xx.
[[nodiscard]] inline auto escape_address(std::string_view value) -> std::string {
    constexpr std::string_view plain = "-_/.*0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view digits = "0123456789abcdef";
    std::string escaped;
    for (char const character : value) {
        if (plain.find(character) != std::string_view::npos) {
            escaped += character;
        } else {
            auto const byte = static_cast<unsigned char>(character);
            escaped += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return escaped;
}

}  // namespace apiary::bus
