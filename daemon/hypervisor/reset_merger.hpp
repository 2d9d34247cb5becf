// Tells reboots from QEMU's RESET events.
//
// SeaBIOS, when it finds that it ran before and its memory was not restored, resets the machine once more. So each
// reboot is seen as RESET, and again as RESET: 45 ms later on a quiet machine, 1.1 s later on one with five times more
// to do than it can. Its own request is now and then seen twice, mostly within a millisecond, seldom up to 100 ms
// later. All times are QEMU's own, so it does not matter how late the daemon reads them.
//
// So with SeaBIOS the first RESET after one that opened a reboot belongs to it, within 10 s: nine times the longest
// seen, and since exactly one is taken, a guest that boots in 0.1 s and reboots at once is still counted right. A
// further RESET is an echo if it comes sooner after the second than the second came after the first: that span is the
// yardstick, because firmware and guest need twice as long for what lies between that and the next reboot, on whatever
// machine.
#pragma once

#include <algorithm>
#include <cstdint>

namespace apiary::hypervisor {

class ResetMerger {
public:
    static constexpr std::int64_t doubling_us = 10'000'000;
    static constexpr std::int64_t echo_us = 50'000;  // at least

    explicit ResetMerger(bool seabios) : seabios_{seabios} {}

    // Is the RESET at `when_us` a reboot of its own? One that the host asked for always is.
    [[nodiscard]] auto begins_reboot(std::int64_t when_us, bool by_host) -> bool {
        auto const since = when_us - last_us_;
        last_us_ = when_us;
        // A clock that was set back tells nothing.
        bool const follows = !by_host && count_ > 0 && since >= 0;
        if (follows && seabios_ && count_ == 1 && since <= doubling_us) {
            count_ = 2;
            span_us_ = since;
            return false;
        }
        if (follows && since <= std::max(echo_us, span_us_)) {
            return false;
        }
        count_ = 1;
        span_us_ = 0;
        return true;
    }

private:
    bool seabios_;
    int count_ = 0;  // RESETs of the reboot under way, echoes aside
    std::int64_t last_us_ = 0;
    std::int64_t span_us_ = 0;  // from its first to its second
};

}  // namespace apiary::hypervisor
