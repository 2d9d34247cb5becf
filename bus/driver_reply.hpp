// Replies of the bus itself that are dictionaries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bus/sd_bus.hpp"

namespace apiary::bus {

// The value of `key` in an a{sv}, where it is there and a number of 32 bits. Call it once for a message: it reads on.
[[nodiscard]] auto number_in(sd_bus_message* reply, std::string_view key) -> std::optional<std::uint32_t>;

struct Process {
    std::optional<std::uint32_t> uid, pid;
};
// Of a reply to GetConnectionCredentials.
[[nodiscard]] auto process_in(sd_bus_message* reply) -> Process;

}  // namespace apiary::bus
