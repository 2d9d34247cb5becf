#include "plugin/lines.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace apiary::plugin {
namespace {

// The file of a VM that has none open: it is at rest, or was found by a daemon that did not start it.
auto open_log(std::string const& path) -> UniqueFd {
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    UniqueFd log{::open(path.c_str(), flags, 0640)};
    struct stat status {};
    if (!log || ::fstat(log.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return {};
    }
    ::fcntl(log.get(), F_SETFL, ::fcntl(log.get(), F_GETFL) & ~O_NONBLOCK);
    return log;
}

}  // namespace

void Lines::write(std::shared_ptr<UniqueFd> log, std::string const& path, std::string const& vm, std::string line) {
    if (*waiting_ > most_waiting) {
        ++lost_;
        return;
    }
    if (auto const lost = std::exchange(lost_, 0); lost != 0) {
        line = "(" + std::to_string(lost) +
               " lines of plugins are lost: they came faster than they could be written)\n" + line;
    }
    line += '\n';
    auto const size = line.size();
    *waiting_ += size;
    order_.offload(
        vm,
        [log = std::move(log), path, line = std::move(line)] {
            if (!*log) {
                *log = open_log(path);
            }
            // A disk that is full costs the line, as it costs those of the hypervisor.
            if (::write(log->get(), line.data(), line.size()) < 0) {
                return;
            }
        },
        [waiting = waiting_, size] { *waiting -= size; });
}

}  // namespace apiary::plugin
