// What can wait does not get the descriptors that stopping VMs needs.
#pragma once

#include <sys/resource.h>

#include <algorithm>

namespace apiary {

// May one be kept that a client asked for, or that is not needed for its VM to be ended? Numbers are given lowest
// first, so all below a new one are taken: where its number comes near the limit, those that are left (an eighth of
// it, at least 32 and at most 128) are for what must go on: stops, the bus, the journal.
[[nodiscard]] inline auto leaves_descriptors(int newest) -> bool {
    constexpr rlim_t least = 32, most = 128;
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
           static_cast<rlim_t>(newest) + std::clamp(limit.rlim_cur / 8, least, most) < limit.rlim_cur;
}

}  // namespace apiary
