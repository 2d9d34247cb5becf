#include "plugin/host/own_descriptors.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

#include "plugin/host/child.hpp"

namespace apiary::plugin::host {
namespace {

constexpr int high = 200;

// Read in a child of a process with many threads: no memory may be asked for there.
std::array<std::atomic<int>, 8> forgotten{-1, -1, -1, -1, -1, -1, -1, -1};

void close_forgotten() {
    for (auto& one : forgotten) {
        if (int const descriptor = one.exchange(-1); descriptor >= 0) {
            ::close(descriptor);
        }
    }
}

}  // namespace

auto move_up(int descriptor) -> int {
    if (descriptor < 0) {
        return -1;
    }
    rlimit limit{};
    bool const room = ::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > high + 20;
    int const moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, room ? high : 3);
    int const error = errno;
    ::close(descriptor);
    errno = error;
    return moved;
}

void closed_in_forks(int descriptor) {
    static bool const registered = ::pthread_atfork(nullptr, nullptr, close_forgotten) == 0;
    for (auto& one : forgotten) {
        int none = -1;
        if (registered && one.compare_exchange_strong(none, descriptor)) {
            return;
        }
    }
}

auto replace_with_nothing(int number) -> bool {
    int const nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0) {
        return false;
    }
    if (nothing == number) {
        return ::fcntl(nothing, F_SETFD, 0) == 0;
    }
    bool const done = ::dup2(nothing, number) == number;
    ::close(nothing);
    return done;
}

void keep_only(std::vector<int> descriptors) {
    std::sort(descriptors.begin(), descriptors.end());
    int from = 0;
    for (int const one : descriptors) {
        if (one > from) {
            close_between(from, one - 1);
        }
        from = std::max(from, one + 1);
    }
    close_between(from, -1);
}

}  // namespace apiary::plugin::host
