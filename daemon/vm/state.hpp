// The words that describe where a VM is in its life. They are the contract of the bus, the journal and the CLI:
// the spelling of each is its name here with '_' written as '-'.
#pragma once

#include <optional>
#include <string_view>

namespace apiary {

// A closed set: clients may rely on there being no other.
enum class State { stopped, starting, running, paused, stopping, failed };

// An open set: clients must tolerate values that they do not know. `none` is the empty string on the bus.
enum class SubState {
    none,
    queued,        // starting: too many starts at once
    waiting,       // starting: for another VM
    prestart,      // starting: steps run
    loading,       // starting: an external loader runs (bhyveload, grub-bhyve)
    launching,     // starting: the hypervisor was spawned and has not reported itself up
    rebooting,     // running: the guest restarts; network and storage stay
    saving,        // running: state is written to disk
    migrating,     // running: state is sent to another host
    io_error,      // running: the hypervisor stopped the guest on an I/O error
    not_adopted,   // running: found after a restart of the daemon; only poweroff is possible
    acpi,          // stopping: the power button was pressed, stop_timeout runs
    killing,       // stopping: the hypervisor is being ended
    poststop,      // stopping: steps are undone
    backoff,       // stopped: waits before the next automatic start
    suspended,     // stopped: saved to disk
    undo_pending,  // failed: an undo failed and is retried; start is refused
};

// What was last asked for.
enum class Target { stopped, running, paused };

// Why a VM is where it is. A closed set; a backend never reports one that it cannot know (unknown is honest).
enum class Reason {
    none,
    requested,
    guest_poweroff,
    guest_reboot,
    guest_halt,
    guest_panic,
    triple_fault,
    killed,
    error,
    veto,
    step_failed,
    step_timeout,
    loader_timeout,
    stop_timeout,
    restart_limit,
    plugin_unavailable,
    no_resources,
    exec_failed,
    host_shutdown,
    recovered,
    unknown,
};

[[nodiscard]] auto to_string(State) -> std::string_view;
[[nodiscard]] auto to_string(SubState) -> std::string_view;
[[nodiscard]] auto to_string(Target) -> std::string_view;
[[nodiscard]] auto to_string(Reason) -> std::string_view;

[[nodiscard]] auto state_from(std::string_view) -> std::optional<State>;
[[nodiscard]] auto sub_state_from(std::string_view) -> std::optional<SubState>;
[[nodiscard]] auto target_from(std::string_view) -> std::optional<Target>;
[[nodiscard]] auto reason_from(std::string_view) -> std::optional<Reason>;

}  // namespace apiary
