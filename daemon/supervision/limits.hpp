// How much there is left of what a VM takes of the host, and whether that is enough for one more.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "vm/definition.hpp"

namespace apiary::supervision {

enum class Scarce {
    descriptors,  // of apiaryd
    open_files,   // of the whole host
    tasks,        // processes and threads, of a control group or of the whole host
};

struct LimitReading {
    Scarce what = Scarce::descriptors;
    std::uint64_t used = 0, limit = 0;
    std::string name;    // "file descriptors of apiaryd (RLIMIT_NOFILE)"
    std::string remedy;  // what to do for a higher one: "raise LimitNOFILE= of its unit"
};
using ReadLimits = std::function<std::vector<LimitReading>()>;

// As they are now. What cannot be read, or has no limit, is left out. Does not block (/proc, sysctl).
[[nodiscard]] auto read_limits() -> std::vector<LimitReading>;

// What the start of a VM takes. More than one of its parts may need for a moment only: docs/architecture.md has the
// figures that were measured.
struct Need {
    std::uint64_t descriptors = 0, open_files = 0, tasks = 0;
    [[nodiscard]] auto of(Scarce what) const -> std::uint64_t;
    friend auto operator==(Need const&, Need const&) -> bool = default;
};
[[nodiscard]] auto need_of(Definition const& definition) -> Need;
auto operator+=(Need& sum, Need const& more) -> Need&;
auto operator-=(Need& sum, Need const& less) -> Need&;

// What no start may have: for stops, for clients and for whoever has to mend things.
[[nodiscard]] auto reserve_of(LimitReading const& reading) -> std::uint64_t;

// Why there is not enough for `own` after `others` (starts under way) have had theirs, for the user; empty: there is.
[[nodiscard]] auto shortage(std::vector<LimitReading> const& readings, Need const& own, Need const& others)
    -> std::string;

}  // namespace apiary::supervision
