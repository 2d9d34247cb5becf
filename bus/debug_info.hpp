// Figures about this process.
#pragma once

#include <cstdint>
#include <optional>

namespace apiary::bus {

// Bytes that the C library's allocator has handed out; nothing where it cannot tell.
[[nodiscard]] auto heap_used() -> std::optional<std::uint64_t>;

}  // namespace apiary::bus
