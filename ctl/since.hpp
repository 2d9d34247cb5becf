// Where to begin in the journal, as people write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace apiary::ctl {

struct Since {
    std::optional<std::uint64_t> seq;   // the first number that is wanted; or
    std::optional<std::uint64_t> time;  // microseconds since 1970
};

// "42" is a number; "@1763672902.5", "2026-11-20T18:00:22Z", "2026-11-20 18:00" (local time), "2026-11-20", "10 min
// ago", "-1h30m", "now", "today" and "yesterday" are times. Nothing: it is none of them.
[[nodiscard]] auto parse_since(std::string_view text, std::uint64_t now) -> std::optional<Since>;

// The wall clock, in microseconds since 1970.
[[nodiscard]] auto now_in_micros() -> std::uint64_t;

}  // namespace apiary::ctl
