// What to do about an error of the daemon.
#include "ctl/hints.hpp"

#include "ctl/text.hpp"

namespace apiary::ctl {

auto hint_for(std::string_view error_name, std::string_view vm) -> std::string {
    auto const name = vm.empty() ? std::string{"VM"} : shell_word(vm);
    if (error_name == "AccessDenied") {
        return vm.empty() ? "Only the admin may do this: call as root. 'apiaryctl status' shows your rights."
                          : "Its owner, the members of its group, and root may. Your rights: apiaryctl status " + name;
    }
    if (error_name == "UndoPending") {
        return "Once that is mended, 'apiaryctl failreset " + name +
               "' cleans up at once. With --force that is given up (what is left stays).";
    }
    if (error_name == "ConsoleBusy") {
        return "To watch without writing: apiaryctl console --read-only " + name + ". To take over: --force.";
    }
    if (error_name == "InvalidState" || error_name == "NotSupported" || error_name == "NoConsole") {
        return "Where it is now: apiaryctl status " + name;
    }
    if (error_name == "NotCancelable" || error_name == "NoSuchJob") {
        return "What runs and what has ended lately: apiaryctl jobs";
    }
    if (error_name == "LimitsExceeded") {
        return "Wait for what you have asked for before, end other followers, or use --no-wait.";
    }
    if (error_name == "ConfigInvalid") {
        return "Nothing was changed. Correct the configuration, then try again; 'apiaryctl config check FILE' reads it "
               "alone.";
    }
    if (error_name == "Degraded") {
        return "Where there is room on that disk again the daemon goes on by itself.";
    }
    if (error_name == "ShuttingDown") {
        return "The daemon stops its VMs and ends. Start it again, then the VM.";
    }
    return {};
}

auto with_hint(Failure const& failure, std::string const& hint) -> Failure {
    return {failure.code(), failure.what(), failure.hint().empty() ? hint : failure.hint(), failure.error_name()};
}

}  // namespace apiary::ctl
