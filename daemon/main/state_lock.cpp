#include "main/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace apiary {

StateLock::StateLock(std::string const& directory) {
    auto const path = directory + "/lock";
    fd_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd_) {
        throw std::runtime_error{"state directory: " + path + ": " + std::strerror(errno)};
    }
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
        std::array<char, 32> text{};
        auto const size = ::read(fd_.get(), text.data(), text.size() - 1);
        auto pid = std::string_view{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
        pid = pid.substr(0, pid.find('\n'));
        throw std::runtime_error{"another apiaryd (pid " + std::string{pid.empty() ? "unknown" : pid} +
                                 ") uses the state directory " + directory +
                                 ": end that one first, or give this one a --state-dir of its own"};
    }
    auto const pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd_.get(), 0) != 0 ||
        ::pwrite(fd_.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        throw std::runtime_error{"state directory: " + path + ": " + std::strerror(errno)};
    }
}

RunLock::RunLock(std::string const& directory)
    : fd_{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)} {
    if (!fd_) {
        throw std::runtime_error{"run directory: " + directory + ": " + std::strerror(errno)};
    }
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
        throw std::runtime_error{"another apiaryd uses the run directory " + directory +
                                 ": end that one first, or give this one a --run-dir of its own"};
    }
}

}  // namespace apiary
