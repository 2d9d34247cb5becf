// The limits on FreeBSD: of the process, and of the kernel.
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "supervision/limits.hpp"

namespace apiary::supervision {
namespace {

auto control(char const* name) -> std::optional<std::uint64_t> {
    int value = 0;
    std::size_t size = sizeof value;
    if (::sysctlbyname(name, &value, &size, nullptr, 0) != 0 || size != sizeof value || value < 0) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(value);
}

auto own_descriptors() -> std::optional<std::uint64_t> {
    std::array<int, 4> name{CTL_KERN, KERN_PROC, KERN_PROC_NFDS, 0};
    int count = 0;
    std::size_t size = sizeof count;
    if (::sysctl(name.data(), name.size(), &count, &size, nullptr, 0) != 0 || count < 0) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(count);
}

}  // namespace

auto read_limits() -> std::vector<LimitReading> {
    std::vector<LimitReading> readings;
    if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        if (auto const used = own_descriptors()) {
            readings.push_back({.what = Scarce::descriptors,
                                .used = *used,
                                .limit = static_cast<std::uint64_t>(limit.rlim_cur),
                                .name = "file descriptors of apiaryd (RLIMIT_NOFILE)",
                                .remedy = "raise kern.maxfilesperproc, or openfiles in login.conf"});
        }
    }
    auto const used = control("kern.openfiles");
    auto const limit = control("kern.maxfiles");
    if (used && limit) {
        readings.push_back({.what = Scarce::open_files,
                            .used = *used,
                            .limit = *limit,
                            .name = "open files of this host (kern.maxfiles)",
                            .remedy = "raise sysctl kern.maxfiles"});
    }
    return readings;
}

}  // namespace apiary::supervision
