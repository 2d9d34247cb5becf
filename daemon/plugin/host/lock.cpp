#include "plugin/host/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "plugin/host/own_descriptors.hpp"

namespace apiary::plugin::host {

auto take_lock(std::string const& state_folder) -> std::variant<UniqueFd, std::string> {
    std::string const path = state_folder + "/lock";
    // Not to be written to: the plugin could, by mistake.
    UniqueFd lock{move_up(::open(path.c_str(), O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600))};
    if (!lock) {
        return path + ": " + std::strerror(errno);
    }
    while (::flock(lock.get(), LOCK_EX) != 0) {
        if (errno != EINTR) {
            return path + ": " + std::strerror(errno);
        }
    }
    return lock;
}

}  // namespace apiary::plugin::host
