#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "main/alarm.hpp"

namespace apiary {

// std::chrono::steady_clock is CLOCK_MONOTONIC with both C++ libraries.
Alarm::Alarm() : fd_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)} {
    if (!fd_) {
        throw std::system_error{errno, std::generic_category(), "timerfd"};
    }
}

void Alarm::set(MonoTime when) {
    // Zero would mean: none.
    auto const nanoseconds = std::max<std::int64_t>(when.time_since_epoch().count(), 1);
    itimerspec value{};
    value.it_value.tv_sec = nanoseconds / 1'000'000'000;
    value.it_value.tv_nsec = nanoseconds % 1'000'000'000;
    ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &value, nullptr);
}

void Alarm::clear() {
    itimerspec const none{};
    ::timerfd_settime(fd_.get(), 0, &none, nullptr);
}

void Alarm::take() {
    std::uint64_t times = 0;
    static_cast<void>(::read(fd_.get(), &times, sizeof times));  // nothing to read: somebody has set it anew
}

}  // namespace apiary
