#include "plugin/host/rights.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace apiary::plugin::host {
namespace {

auto why(std::string const& what) -> std::string {
    return what + ": " + std::strerror(errno);
}

auto limit(int resource, rlim_t most) -> bool {
    rlimit now{};
    if (::getrlimit(resource, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < most) {
        most = now.rlim_max;
    }
    rlimit const wanted{most, most};
    return ::setrlimit(resource, &wanted) == 0;
}

// The sanitizers reserve terabytes of address space, and have threads and files of their own.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

constexpr rlim_t most_memory = rlim_t{512} * 1024 * 1024;
constexpr rlim_t most_seconds = 10;
constexpr rlim_t most_files = 64;

auto is_root_after_all(uid_t uid) -> bool {
    return uid != 0 && (::setuid(0) == 0 || ::geteuid() != uid || ::getuid() != uid);
}

}  // namespace

auto take_rights(Rights const& rights, std::vector<std::string>& warnings) -> std::string {
    bool const root = ::geteuid() == 0;
    if (rights.no_network) {
        if (auto fault = leave_network(); !fault.empty()) {
            if (root) {
                return fault;
            }
            warnings.push_back(std::move(fault));
        }
    }
    if (!rights.user) {
        return {};
    }
    errno = 0;
    passwd const* const account = ::getpwnam(rights.user->c_str());
    if (account == nullptr) {
        return errno == 0 ? "the account " + *rights.user + ", which it wants to run as, is not there: make it"
                          : why("the account " + *rights.user + " cannot be looked up");
    }
    if (!root) {
        if (account->pw_uid != ::geteuid()) {
            warnings.push_back("it runs as the daemon's user: only a daemon of root can run it as " + *rights.user);
        }
        return no_new_privileges() ? std::string{} : why("no_new_privs");
    }
    uid_t const uid = account->pw_uid;
    gid_t const gid = account->pw_gid;
    if (auto fault = prepare_capabilities(rights.capabilities); !fault.empty()) {
        return fault;
    }
    if (::initgroups(rights.user->c_str(), gid) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) {
        return why("it cannot become " + *rights.user);
    }
    if (rights.capabilities.empty() && is_root_after_all(uid)) {
        return "root's rights were not given up";
    }
    if (auto fault = keep_capabilities(rights.capabilities); !fault.empty()) {
        return fault;
    }
    return no_new_privileges() ? std::string{} : why("no_new_privs");
}

auto give_up_everything() -> std::string {
    if (::chdir("/") != 0) {
        return why("chdir");
    }
    if (::geteuid() == 0) {
        constexpr uid_t overflow = 65534;
        passwd const* const account = ::getpwnam("nobody");
        uid_t const uid = account != nullptr && account->pw_uid != 0 ? account->pw_uid : overflow;
        gid_t const gid = account != nullptr && account->pw_gid != 0 ? account->pw_gid : overflow;
        ::endpwent();
        if (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) {
            return why("it cannot become nobody");
        }
        if (is_root_after_all(uid)) {
            return "root's rights were not given up";
        }
    }
    bool const limited =
        limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CPU, most_seconds) &&
        (sanitized || (limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, most_files) && limit(RLIMIT_AS, most_memory)));
    if (!limited) {
        return why("setrlimit");
    }
    return no_new_privileges() ? std::string{} : why("no_new_privs");
}

}  // namespace apiary::plugin::host
