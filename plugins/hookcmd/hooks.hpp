// Which hooks a change of a VM's state calls for: bmd's state words and vmstated's scripts, read out of Apiary's
// states.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace apiary::hookcmd {

// What is remembered of a VM's life. Lost with the plugin's process: what is unknown then is taken for having happened,
// for one hook too many is less harm than one that is missing.
struct Life {
    std::uint64_t incarnation = 0;
    bool known = false;       // its beginning was seen
    bool entered = false;     // our part of the start was begun and did not veto
    bool launched = false;    // there was a hypervisor, or a loader
    bool rebooting = false;   // … whose guest is on its way up again
    bool undo_fault = false;  // a stop script failed
};

struct StateChange {
    std::string_view state, sub_state, old_state, old_sub_state, reason;
};

struct Hook {
    enum class Kind {
        command,  // hookcmd, with this state word
        script,   // of scriptpath, with this name
    };
    Kind kind;
    std::string_view name;
    friend auto operator==(Hook const&, Hook const&) -> bool = default;
};

// In their order. `life` is carried on.
[[nodiscard]] auto hooks_of(StateChange const& change, Life& life) -> std::vector<Hook>;

// The VM is at rest: nothing of its life needs to be remembered.
[[nodiscard]] auto is_rest(StateChange const& change) -> bool;

// vmstated's scripts between a guest's reset and its coming up again.
inline constexpr std::string_view reboot_scripts[] = {"prestop_before_restart", "restarting", "restart_stopped",
                                                      "prestart_after_restart", "start_after_restart"};

}  // namespace apiary::hookcmd
