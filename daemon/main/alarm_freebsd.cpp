// FreeBSD's alarm: a kqueue is readable while an event of it is pending, so it serves as the descriptor.
#include <sys/event.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "main/alarm.hpp"

namespace apiary {

Alarm::Alarm() : fd_{::kqueuex(KQUEUE_CLOEXEC)} {
    if (!fd_) {
        throw std::system_error{errno, std::generic_category(), "kqueue"};
    }
}

void Alarm::set(MonoTime when) {
    auto const now = std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
    struct kevent change {};
    EV_SET(&change, 1, EVFILT_TIMER, EV_ADD | EV_ONESHOT, NOTE_NSECONDS,
           std::max<std::int64_t>((when - now).count(), 1), nullptr);
    ::kevent(fd_.get(), &change, 1, nullptr, 0, nullptr);
}

void Alarm::clear() {
    struct kevent change {};
    EV_SET(&change, 1, EVFILT_TIMER, EV_DELETE, 0, 0, nullptr);
    ::kevent(fd_.get(), &change, 1, nullptr, 0, nullptr);
}

void Alarm::take() {
    struct kevent gone_off {};
    timespec const at_once{};
    ::kevent(fd_.get(), nullptr, 0, &gone_off, 1, &at_once);
}

}  // namespace apiary
