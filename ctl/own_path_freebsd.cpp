// The running program by sysctl(3): /proc need not be mounted.
#include <sys/types.h>
// sysctl.h needs types.h first.
#include <sys/sysctl.h>

#include <array>
#include <climits>

#include "ctl/own_path.hpp"

namespace apiary::ctl {

auto own_path() -> std::string {
    std::array<int, 4> const name{CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
    std::array<char, PATH_MAX> path{};
    auto size = path.size();
    return ::sysctl(name.data(), name.size(), path.data(), &size, nullptr, 0) == 0 ? std::string{path.data()} : "";
}

}  // namespace apiary::ctl
