#include "main/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <tuple>

namespace apiary {
namespace {

// What a daemon that was killed had just spawned has its descriptors until it executes its program: a moment, or some
// more on a busy host. Whoever starts the next daemon at once must not be told that the dead one still runs.
constexpr int rounds = 200;
constexpr std::chrono::milliseconds pause{10};

template <typename HolderLives>
auto take(int fd, HolderLives holder_lives) -> bool {
    for (int round = 0;; ++round) {
        if (::flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        if (errno != EWOULDBLOCK || round == rounds || holder_lives()) {
            return false;
        }
        std::this_thread::sleep_for(pause);
    }
}

auto pid_in(int fd) -> pid_t {
    std::array<char, 32> text{};
    auto const size = ::pread(fd, text.data(), text.size() - 1, 0);
    pid_t pid = 0;
    std::from_chars(text.data(), text.data() + (size > 0 ? size : 0), pid);
    return pid;
}

auto lives(pid_t pid) -> bool {
    return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

StateLock::StateLock(std::string const& directory) {
    auto const path = directory + "/lock";
    fd_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_) {
        throw std::runtime_error{"state directory: " + path + ": " + std::strerror(errno)};
    }
    if (!take(fd_.get(), [this] { return lives(pid_in(fd_.get())); })) {
        auto const holder = pid_in(fd_.get());
        throw std::runtime_error{"another apiaryd (pid " + (holder > 0 ? std::to_string(holder) : "unknown") +
                                 ") uses the state directory " + directory +
                                 ": end that one first, or give this one a --state-dir of its own"};
    }
    // Only told to people: a full or failing disk is no reason to leave guests that run without a daemon.
    auto const pid = std::to_string(::getpid()) + "\n";
    if (::pwrite(fd_.get(), pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size())) {
        std::ignore = ::ftruncate(fd_.get(), static_cast<off_t>(pid.size()));
    }
}

RunLock::RunLock(std::string const& directory)
    : fd_{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)} {
    if (!fd_) {
        throw std::runtime_error{"run directory: " + directory + ": " + std::strerror(errno)};
    }
    if (!take(fd_.get(), [] { return false; })) {
        throw std::runtime_error{"another apiaryd uses the run directory " + directory +
                                 ": end that one first, or give this one a --run-dir of its own"};
    }
}

}  // namespace apiary
