// Text from anywhere (guests, hypervisors, plugins), made fit for the bus.
#pragma once

#include <string>
#include <string_view>

namespace apiary::bus {

// Valid UTF-8 without NUL, at most `cap` bytes, cut between characters: anything else would be refused by the bus, and
// with it the whole message. What is not valid becomes U+FFFD.
[[nodiscard]] auto clean_text(std::string_view text, std::size_t cap) -> std::string;

}  // namespace apiary::bus
