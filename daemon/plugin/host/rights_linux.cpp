// Linux: prctl(2), a network namespace, and capabilities by the system calls themselves: a library for three of them
// would be one more thing to load into every plugin's process.
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "plugin/host/rights.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {
namespace {

// In the order of their numbers (capabilities(7)).
constexpr std::array<std::string_view, 41> known{"chown",
                                                 "dac_override",
                                                 "dac_read_search",
                                                 "fowner",
                                                 "fsetid",
                                                 "kill",
                                                 "setgid",
                                                 "setuid",
                                                 "setpcap",
                                                 "linux_immutable",
                                                 "net_bind_service",
                                                 "net_broadcast",
                                                 "net_admin",
                                                 "net_raw",
                                                 "ipc_lock",
                                                 "ipc_owner",
                                                 "sys_module",
                                                 "sys_rawio",
                                                 "sys_chroot",
                                                 "sys_ptrace",
                                                 "sys_pacct",
                                                 "sys_admin",
                                                 "sys_boot",
                                                 "sys_nice",
                                                 "sys_resource",
                                                 "sys_time",
                                                 "sys_tty_config",
                                                 "mknod",
                                                 "lease",
                                                 "audit_write",
                                                 "audit_control",
                                                 "setfcap",
                                                 "mac_override",
                                                 "mac_admin",
                                                 "syslog",
                                                 "wake_alarm",
                                                 "block_suspend",
                                                 "audit_read",
                                                 "perfmon",
                                                 "bpf",
                                                 "checkpoint_restore"};
static_assert(known.at(CAP_NET_ADMIN) == "net_admin" && known.at(CAP_SYS_ADMIN) == "sys_admin" &&
              known.at(CAP_BPF) == "bpf");

auto cannot(std::string const& what) -> std::string {
    return what + ": " + std::strerror(errno);
}

auto capability_number(std::string_view name) -> std::optional<unsigned> {
    for (unsigned i = 0; i < known.size(); ++i) {
        if (known.at(i) == name) {
            return i;
        }
    }
    return std::nullopt;
}

auto is_wanted(std::vector<std::string> const& names, unsigned number) -> bool {
    for (auto const& name : names) {
        if (capability_number(name) == number) {
            return true;
        }
    }
    return false;
}

auto write_into(char const* path, std::string const& text) -> bool {
    UniqueFd const file{::open(path, O_WRONLY | O_CLOEXEC)};
    return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

auto no_new_privileges() -> bool {
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

auto leave_network() -> std::string {
    constexpr char const* what = "it cannot be cut off from the network";
    if (::unshare(CLONE_NEWNET) == 0) {
        return {};
    }
    auto const uid = std::to_string(::geteuid());
    auto const gid = std::to_string(::getegid());
    if (uid == "0" || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        return cannot(what);
    }
    // It stays who it was: without this nothing would be its own, not even its files.
    if (!write_into("/proc/self/setgroups", "deny") || !write_into("/proc/self/uid_map", uid + ' ' + uid + " 1") ||
        !write_into("/proc/self/gid_map", gid + ' ' + gid + " 1")) {
        return cannot("it is cut off from the network, and has lost its user by that");
    }
    return {};
}

auto prepare_capabilities(std::vector<std::string> const& names) -> std::string {
    for (auto const& name : names) {
        auto const number = capability_number(name);
        if (!number) {
            return "there is no capability " + name + " (capabilities(7), without CAP_)";
        }
    }
    // Programs that it runs get no more either.
    for (unsigned i = 0; ::prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; ++i) {
        if (!is_wanted(names, i) && ::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0) {
            return cannot("its capabilities cannot be limited");
        }
    }
    if (!names.empty() && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) {
        return cannot("its capabilities cannot be kept");
    }
    return {};
}

auto keep_capabilities(std::vector<std::string> const& names) -> std::string {
    if (names.empty()) {
        return {};
    }
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, 2> sets{};
    for (auto const& name : names) {
        unsigned const number = *capability_number(name);
        auto& set = sets.at(number / 32);
        std::uint32_t const bit = 1U << (number % 32);
        set.effective |= bit;
        set.permitted |= bit;
        set.inheritable |= bit;
    }
    if (::syscall(SYS_capset, &header, sets.data()) != 0) {
        return cannot("it cannot keep its capabilities");
    }
    for (auto const& name : names) {  // so that programs that it runs have them too
        if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, *capability_number(name), 0, 0) != 0) {
            return cannot("it cannot keep the capability " + name);
        }
    }
    return {};
}

}  // namespace apiary::plugin::host
