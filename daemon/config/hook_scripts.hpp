// Hook scripts as vmstated knows them: a program in the VM's folder with the name of a state is run at that state.
#pragma once

#include <array>
#include <string_view>

namespace apiary::config {

inline constexpr std::array<std::string_view, 14> hook_scripts{
    "start_network",
    "start_storage",
    "running",
    "restarting",
    "restarted",
    "stopping",
    "stop_storage",
    "stop_network",
    "stopped",
    "failed",
    "prestop_before_restart",
    "restart_stopped",
    "prestart_after_restart",
    "start_after_restart",
};

}  // namespace apiary::config
