// The failure policy, without the VM: which ends are followed by a start, after which pause, and when it was often
// enough. Machine (machine_restart.cpp) asks it and does what it says.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vm/definition.hpp"
#include "vm/loop.hpp"
#include "vm/state.hpp"

namespace apiary {

// With `boot = always`: is a VM that came to rest for this started again? Whatever the guest, its hypervisor or its
// start did of itself, also a power-off (bmd's rule) and a veto (what it asks for may come). Not what somebody asked
// for, nor what the next start would meet unchanged.
[[nodiscard]] auto restarts_after(Reason why) -> bool;

// The restarts that count for maxrestart: the cold starts of this policy, and the reboots of the guest. By the wall
// clock, for they outlive the daemon; what lies in the future was written before the clock was set back, and says
// nothing.
class RestartHistory {
public:
    // No more are kept, so a greater maxrestart counts as this.
    static constexpr std::size_t most = 1000;
    // Restarts that are less than this apart, as well as the last one and the end that is judged, come in a row, and
    // each of a row doubles the pause. Twice the longest pause, so that pauses alone end no row.
    static constexpr Duration row_gap = std::chrono::minutes{10};

    RestartHistory() = default;
    explicit RestartHistory(std::vector<WallTime> stamps) : stamps_{std::move(stamps)} {}

    // Within the time that the limit speaks of, up to now.
    [[nodiscard]] auto count(RestartLimit limit, WallTime now) const -> std::size_t;
    [[nodiscard]] auto is_used_up(RestartLimit limit, WallTime now) const -> bool;
    // Before the next start: `first`, twice that …, at most `last`.
    [[nodiscard]] auto pause(WallTime now, Duration first, Duration last) const -> Duration;

    // `at` may be a moment ahead: a start that is planned. Forgets what will never count again.
    void add(WallTime at, RestartLimit limit);
    void clear() { stamps_.clear(); }
    [[nodiscard]] auto stamps() const -> std::vector<WallTime> const& { return stamps_; }

private:
    std::vector<WallTime> stamps_;  // oldest first
};

// In words: why it is not started again, and that it is, and when. `last`: of the last end.
[[nodiscard]] auto limit_text(std::size_t restarts, RestartLimit limit, Reason last, std::string const& last_text)
    -> std::string;
[[nodiscard]] auto restart_text(std::size_t restarts, RestartLimit limit, WallTime due, std::string const& last_text)
    -> std::string;

}  // namespace apiary
