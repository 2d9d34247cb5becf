// FreeBSD: there are no capabilities of this kind, and a network stack of one's own takes a jail.
#include <sys/procctl.h>
#include <unistd.h>

#include "plugin/host/rights.hpp"

namespace apiary::plugin::host {

auto no_new_privileges() -> bool {
#ifdef PROC_NO_NEW_PRIVS_CTL
    int enable = PROC_NO_NEW_PRIVS_ENABLE;
    return ::procctl(P_PID, ::getpid(), PROC_NO_NEW_PRIVS_CTL, &enable) == 0;
#else
    return true;
#endif
}

auto leave_network() -> std::string {
    return "it cannot be cut off from the network on FreeBSD";
}

auto prepare_capabilities(std::vector<std::string> const& names) -> std::string {
    return names.empty() ? std::string{} : "it wants to keep capabilities, which FreeBSD does not have";
}

auto keep_capabilities(std::vector<std::string> const& names) -> std::string {
    static_cast<void>(names);
    return {};
}

}  // namespace apiary::plugin::host
