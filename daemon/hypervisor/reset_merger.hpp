// Tells reboots from QEMU's RESET events.
//
// SeaBIOS, when it finds that it ran before and its memory was not restored, resets the machine once more. So each
// reboot is seen as RESET, and again as RESET: 45 ms later on a quiet machine, 1.3 s later on one with five times more
// to do than it can. Its request is now and then seen twice, within some milliseconds; that may find SeaBIOS at its
// work and have it begin anew: six RESETs in 0.4 s were seen of one reboot. All times are QEMU's own, so it does not
// matter how late the daemon reads them.
//
// The times of these and of a guest that boots in 0.1 s and reboots at once overlap, so with SeaBIOS all RESETs of the
// first moments are one reboot, as they are to whoever waits for the guest; no guest with a kernel is that quick. Two
// belong to it for longer. SeaBIOS's first, for `doubling`: nine times the longest seen. And after a request that was
// seen twice the one of the SeaBIOS that this has interrupted: it takes about as long as the one before took, up to 2.9
// times that was seen.
#pragma once

#include <algorithm>
#include <cstdint>

namespace apiary::hypervisor {

class ResetMerger {
public:
    static constexpr std::int64_t moments_us = 1'900'000;  // less than the engine's `reboot_settle`
    static constexpr std::int64_t doubling_us = 10'000'000;
    static constexpr std::int64_t echo_us = 50'000;
    static constexpr std::int64_t anew_factor = 4;

    explicit ResetMerger(bool seabios) : seabios_{seabios} {}

    // Is the RESET at `when_us` a reboot of its own? One that the host asked for always is.
    [[nodiscard]] auto begins_reboot(std::int64_t when_us, bool by_host) -> bool {
        // A clock that was set back tells nothing.
        bool const follows = !by_host && any_ && when_us >= last_us_;
        auto const pause = when_us - last_us_;
        bool const echo = pause <= echo_us;
        bool const first_moments = when_us - first_us_ <= moments_us;
        bool const firmware = seabios_ && (first_moments || pause <= patience_us_);
        last_us_ = when_us;
        if (follows && (firmware || echo)) {
            bool const again = echo && firmware_took_us_ > 0;
            patience_us_ = again ? anew_factor * firmware_took_us_ : 0;
            if (!again) {
                firmware_took_us_ = std::max({firmware_took_us_, pause, std::int64_t{1}});
            }
            return false;
        }
        any_ = true;
        first_us_ = when_us;
        firmware_took_us_ = 0;
        patience_us_ = doubling_us;
        return true;
    }

private:
    bool seabios_;
    bool any_ = false;
    std::int64_t first_us_ = 0, last_us_ = 0;  // of the reboot under way
    std::int64_t firmware_took_us_ = 0;        // until it reset the machine in this reboot; 0: it has not yet
    std::int64_t patience_us_ = 0;             // how long after the last one another belongs to it
};

}  // namespace apiary::hypervisor
