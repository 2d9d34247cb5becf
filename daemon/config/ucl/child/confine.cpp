#include "config/ucl/child/confine.hpp"

#include <grp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace apiary::config::ucl {
namespace {

auto why(char const* what) -> std::string {
    return std::string{what} + ": " + std::strerror(errno);
}

auto limit(int resource, rlim_t most) -> bool {
    rlimit const wanted{most, most};
    return ::setrlimit(resource, &wanted) == 0;
}

// The sanitizers reserve terabytes of address space.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

// libucl needs some ten times the size of a text; one text at a time is there.
constexpr rlim_t most_memory = rlim_t{1024} * 1024 * 1024;
constexpr rlim_t most_seconds = 20;

}  // namespace

auto give_up_rights(uid_t uid, gid_t gid) -> std::string {
    if (::chdir("/") != 0) {
        return why("chdir");
    }
    if (::geteuid() == 0) {
        if (uid == 0 || gid == 0) {
            return "root is nobody to read files as";
        }
        if (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) {
            return why("cannot become the files' owner");
        }
        if (::setuid(0) == 0 || ::geteuid() != uid || ::getegid() != gid) {
            return "root's rights were not given up";
        }
    }
    bool const limited = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) &&
                         limit(RLIMIT_NOFILE, 0) && limit(RLIMIT_CPU, most_seconds) &&
                         (sanitized || limit(RLIMIT_AS, most_memory));
    return limited ? std::string{} : why("setrlimit");
}

}  // namespace apiary::config::ucl
