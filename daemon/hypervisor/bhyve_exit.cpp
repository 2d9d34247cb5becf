#include "hypervisor/bhyve_exit.hpp"

#include <sysexits.h>

#include <csignal>

#include "hypervisor/guest_base.hpp"

namespace apiary::hypervisor {
namespace {

// bhyve(8), EXIT STATUS.
enum BhyveExit { rebooted = 0, powered_off = 1, halted = 2, triple_fault = 3, bhyve_error = 4 };
// Of older versions, where the VM was taken away from under it.
constexpr int invalid_suspend_reason = 100;

}  // namespace

auto bhyve_end(ExitStatus const& status) -> BhyveEnd {
    auto const how = "bhyve " + describe(status);
    if (!status.known) {
        return {.reason = Reason::unknown, .text = how};
    }
    if (status.signaled) {
        // SIGABRT is bhyve's own: a virtual CPU met something that it cannot handle. It dies by it all the same.
        return {.reason = Reason::killed,
                .text = how + (status.value == SIGABRT ? ": a virtual CPU could not go on" : "")};
    }
    switch (status.value) {
        case rebooted:
            return {.reason = Reason::guest_reboot, .text = {}};
        case powered_off:
            return {.reason = Reason::guest_poweroff, .text = {}};
        case halted:
            return {.reason = Reason::guest_halt, .text = {}};
        case triple_fault:
            return {.reason = Reason::triple_fault, .text = "the guest's CPU met a triple fault"};
        case EX_USAGE:
            return {.reason = Reason::error, .text = how + ": it does not understand its arguments"};
        case EX_SOFTWARE:
        case EX_OSERR:
            return {.reason = Reason::error, .text = how + ": the host refused it something"};
        case invalid_suspend_reason:
            return {.reason = Reason::error, .text = how + ": the VM was taken away from under it"};
        case bhyve_error:
        default:
            return {.reason = Reason::error, .text = how};
    }
}

}  // namespace apiary::hypervisor
