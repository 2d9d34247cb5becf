// Tells reboots from QEMU's RESET events.
//
// SeaBIOS, when it finds itself started without its memory having been restored, resets the machine once more: every
// reboot is then seen as RESET, and again as RESET (seldom twice, back to back) 45 ms later on a quiet machine, 100 ms
// on a busy one, several times that where the host is overloaded. The times are QEMU's own, so it does not matter how
// late the daemon reads them.
//
// So with SeaBIOS the first RESET after one that opened a reboot belongs to it, within 2 s: far more than the doubling
// takes anywhere, less than any real guest needs to boot and reboot; and since exactly one is taken, a toy guest that
// does boot in 0.1 s is still counted right. One more RESET belongs to it within 50 ms of the one before: no guest can
// ask for a reset that soon.
#pragma once

#include <cstdint>

namespace apiary::hypervisor {

class ResetMerger {
public:
    static constexpr std::int64_t doubling_us = 2'000'000;
    static constexpr std::int64_t echo_us = 50'000;

    explicit ResetMerger(bool seabios) : seabios_{seabios} {}

    // Is the RESET at `when_us` a reboot of its own?
    [[nodiscard]] auto begins_reboot(std::int64_t when_us) -> bool {
        auto const since = when_us - last_us_;
        bool const follows = count_ > 0 && since >= 0;  // a clock that was set back tells nothing
        bool const doubled = follows && seabios_ && count_ == 1 && since <= doubling_us;
        bool const echoed = follows && count_ > 0 && since <= echo_us;
        last_us_ = when_us;
        if (doubled || echoed) {
            ++count_;
            return false;
        }
        count_ = 1;
        return true;
    }

private:
    bool seabios_;
    unsigned count_ = 0;  // RESETs of the reboot under way
    std::int64_t last_us_ = 0;
};

}  // namespace apiary::hypervisor
