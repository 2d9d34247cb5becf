// The right that each member of each interface needs.
#include "bus/permissions.hpp"

#include <array>

#include "bus/paths.hpp"

namespace apiary::bus {

namespace {

using enum MemberKind;
using enum Right;
constexpr auto anybody = std::nullopt;
constexpr std::string_view manager = manager_interface;
constexpr std::string_view journal = journal_interface;
constexpr std::string_view vm = vm_interface;
constexpr std::string_view job = job_interface;
constexpr std::string_view agents = agents_interface;
constexpr std::string_view plugin = plugin_interface;

constexpr auto rights = std::to_array<Permission>({
    {manager, method, "ListVMs", anybody},
    {manager, method, "GetVM", anybody},  // answers for what the caller sees
    {manager, method, "ListJobs", anybody},
    {manager, method, "ListPlugins", see},  // their errors name VMs
    {manager, method, "GetPlugin", see},
    {manager, method, "Subscribe", anybody},
    {manager, method, "Unsubscribe", anybody},
    {manager, method, "Reload", admin},
    {manager, method, "GetConfig", admin},
    {manager, method, "GetPermissions", anybody},
    {manager, method, "GetDebugInfo", admin},
    {manager, method, "StopAll", anybody},  // stops what the caller may operate
    {manager, method, "Shutdown", admin},
    {manager, method, "Restart", admin},
    {manager, signal, "Event", see},
    {manager, signal, "JobNew", see},
    {manager, signal, "JobEnded", see},
    {manager, signal, "SignalsLost", anybody},
    {manager, signal, "SubscriptionEnded", anybody},
    {manager, property, "Version", anybody},
    {manager, property, "ApiVersion", anybody},
    {manager, property, "StreamId", anybody},
    {manager, property, "Backend", anybody},
    {manager, property, "Features", anybody},
    {manager, property, "Degraded", anybody},

    {journal, method, "Read", anybody},
    {journal, method, "Open", anybody},
    {journal, property, "Stream", anybody},
    {journal, property, "Last", anybody},
    {journal, property, "Oldest", anybody},

    {agents, method, "Register", admin},
    {agents, method, "Unregister", admin},
    {agents, method, "List", admin},

    {vm, method, "Start", operate},
    {vm, method, "Stop", operate},
    {vm, method, "PowerOff", operate},
    {vm, method, "Reset", operate},
    {vm, method, "Pause", operate},
    {vm, method, "Resume", operate},
    {vm, method, "FailReset", operate},         // with `force`: admin
    {vm, method, "OpenConsole", console_read},  // with mode read-write: console-write
    {vm, method, "GetPermissions", see},
    {vm, method, "GetConfig", operate},  // paths of root's templates are in it
    {vm, method, "GetConfigDiff", operate},
    {vm, signal, "Event", see},
    {vm, property, "Name", see},
    {vm, property, "Id", see},
    {vm, property, "State", see},
    {vm, property, "SubState", see},
    {vm, property, "Target", see},
    {vm, property, "Reason", see},
    {vm, property, "ReasonText", see},
    {vm, property, "Step", see},
    {vm, property, "Incarnation", see},
    {vm, property, "Since", see},
    {vm, property, "Job", see},
    {vm, property, "LastEvent", see},
    {vm, property, "HypervisorPid", see},
    {vm, property, "ConfigPending", see},
    {vm, property, "Backend", see},
    {vm, property, "Loader", see},
    {vm, property, "Memory", see},
    {vm, property, "Cpus", see},
    {vm, property, "Owner", see},
    {vm, property, "OwnerName", see},
    {vm, property, "GroupName", see},
    {vm, property, "Visibility", see},
    {vm, property, "Console", see},
    {vm, property, "Graphics", see},

    {job, method, "Cancel", operate},
    {job, property, "Id", see},
    {job, property, "Command", see},
    {job, property, "VM", see},
    {job, property, "VMName", see},
    {job, property, "Requester", see},
    {job, property, "Started", see},
    {job, property, "Stage", see},
    {job, property, "Progress", see},
    {job, property, "Result", see},
    {job, property, "Reason", see},
    {job, property, "Error", see},
    {job, property, "Cancelable", see},
    {job, property, "Ended", see},

    {plugin, method, "Enable", admin},
    {plugin, method, "Disable", admin},
    {plugin, method, "Restart", admin},
    {plugin, property, "Name", see},
    {plugin, property, "Version", see},
    {plugin, property, "Description", see},
    {plugin, property, "Path", see},
    {plugin, property, "State", see},
    {plugin, property, "LastError", see},
    {plugin, property, "Phase", see},
    {plugin, property, "Keys", see},
    {plugin, property, "Events", see},
    {plugin, property, "Pid", see},
    {plugin, property, "Restarts", see},
    {plugin, property, "Calls", see},
    {plugin, property, "Failures", see},
    {plugin, property, "UnderWay", see},
    {plugin, property, "Strikes", see},
    {plugin, property, "LatencyMean", see},
    {plugin, property, "LatencyMax", see},
});

}  // namespace

auto permissions() -> std::span<Permission const> {
    return rights;
}

auto method_permission(std::string_view interface, std::string_view member) -> Permission const* {
    Permission const* found = nullptr;
    for (auto const& entry : rights) {
        if (entry.kind == method && entry.member == member && (interface.empty() || entry.interface == interface) &&
            (found == nullptr || entry.right > found->right)) {
            found = &entry;
        }
    }
    return found;
}

}  // namespace apiary::bus
