#include "plugin/host/spare.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

auto judge_descriptors() -> std::string {
    constexpr rlim_t most_wanted = 1024;  // of some 16,000 (serve.cpp); a call that runs a program takes ten
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return {};
    }
    auto const wanted = std::min(most_wanted, limit.rlim_cur / 4);
    // It is given the lowest number that is free: of what is kept open the numbers grow.
    UniqueFd const lowest{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    bool const none = !lowest && errno == EMFILE;
    if (!none && (!lowest || static_cast<rlim_t>(lowest.get()) < limit.rlim_cur - wanted)) {
        return {};
    }
    return "it leaves descriptors open: nearly all of the " + std::to_string(limit.rlim_cur) +
           " that its process may have are in use";
}

}  // namespace apiary::plugin::host
