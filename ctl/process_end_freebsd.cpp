// By kqueue(2), whose descriptor can be waited for itself.
#include <sys/types.h>
// event.h needs types.h first.
#include <sys/event.h>

#include "ctl/process_end.hpp"

namespace apiary::ctl {

auto follow_process(int pid) -> UniqueFd {
    UniqueFd queue{::kqueue()};
    struct kevent wanted {};
    EV_SET(&wanted, pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0, nullptr);
    if (!queue || ::kevent(queue.get(), &wanted, 1, nullptr, 0, nullptr) < 0) {
        return {};
    }
    return queue;
}

}  // namespace apiary::ctl
