// The state table: for every state and substate, what each command and occurrence leads to.
//
// What is not in it does not happen: such a command is refused (Effect::refuse), such an occurrence is reported and
// otherwise ignored. The tests are generated from rows(), so a row that nobody expects fails the suite.
#pragma once

#include <span>
#include <string_view>

#include "vm/state.hpp"

namespace apiary {

enum class Input {
    // commands
    start,
    stop,
    poweroff,
    reset,
    pause,
    resume,
    fail_reset,
    give_up,  // fail_reset with force
    cancel,   // of the job that is under way
    // the configuration
    reload,     // another definition was read: another guest
    adjust,     // another definition was read, whose guest is the same: it differs in what holds at once
    autostart,  // its boot policy wants it up
    autostop,   // its boot policy does not want it up any more
    restart,    // it is to be started anew with another definition (reboot_on_change)
    vanish,     // the definition is gone
    // of the order in which VMs start (start_order.hpp)
    behind,    // a start, and VMs that it is after are on their way up
    in_queue,  // a start, or the end of such a wait, and as many VMs as may be are starting
    admitted,  // its turn has come
    // of the start
    prepared,         // all steps are done
    prepared_loader,  // all steps are done, and there is a loader to run first
    veto,
    step_failed,
    step_timeout,
    loaded,
    up,
    exec_failed,
    loader_timeout,
    // of the guest
    guest_reset,
    reboot_settled,
    ended,          // the guest is over, its process still there
    exited,         // the process is gone
    exited_reboot,  // the process is gone, and is to be started again: the guest rebooted
    guest_paused,
    guest_resumed,
    // of the stop
    stop_timeout,
    kill_timeout,
    undone,         // nothing is left to undo; nothing went wrong
    undone_failed,  // nothing is left to undo; the VM failed
    undone_again,   // nothing is left to undo; the failure policy starts it again
    undo_failed,    // something could not be undone
    undo_retry,
    // of the daemon
    found,           // a guest of an earlier daemon runs
    absent,          // of what an earlier daemon was about to launch, nothing runs
    begin_again,     // what it had begun of a start is undone
    host_restarted,  // so nothing of it can run
};
inline constexpr int input_count = static_cast<int>(Input::host_restarted) + 1;

// What the engine does about it, besides moving to the next state.
enum class Effect {
    refuse,          // wrong state for this command
    refuse_undo,     // an undo must end first
    refuse_adopted,  // the guest belongs to an earlier daemon
    already,         // nothing to do: a job that is done at once
    join,            // the job that is under way does it
    begin,           // a cold start
    back_out,        // cut the wait for a step; undo
    launch,          // steps are done: start loader or hypervisor
    none,            // only the move to the next state
    press_button,    // ACPI power button, stop_timeout runs
    wake_and_press,  // resume first: a paused guest hears no button
    press_again,     // the guest restarted instead of ending
    quit,            // end the process in an orderly way; kill_timeout runs
    kill,            // end it by signal
    gone,            // the process is no more
    relaunch,        // start loader and hypervisor again; steps stay done
    ask_reset,
    ask_pause,
    ask_resume,
    settle,           // wait for the end of the reset
    drop_request,     // cancel of reset, pause, resume: stop waiting
    unwatch_stop,     // cancel of stop: no timer will kill the guest
    take_definition,  // at rest: the new definition holds at once
    hold_definition,  // the new definition waits for the next cold start
    plan_start,       // at rest: it is started when its delay is over
    start_later,      // … once it is at rest: that is what target says
    erase,            // the VM is no more
    erase_later,      // … once it is at rest
    finish,           // at rest
    plan_restart,     // at rest, and started again when its back-off is over
    hold_undo,        // retry the undo later
    retry_undo,
    drop_undo,  // an admin gave it up
    watch_found,
    start_over,   // no process: undo, then begin_again
    begin_again,  // a cold start that was under way
    enqueue,      // a start that waits for its turn: nothing is begun
    call_off,     // … and does not take place
};

enum class TargetMove { keep, stopped, running, paused };

struct Row {
    State state;
    SubState sub_state;
    Input input;
    Effect effect;
    State next;
    SubState next_sub_state;
    TargetMove target = TargetMove::keep;
};

[[nodiscard]] auto rows() -> std::span<Row const>;
[[nodiscard]] auto find_row(State, SubState, Input) -> Row const*;  // null: not in the table
[[nodiscard]] auto is_command(Input) -> bool;
[[nodiscard]] auto to_string(Input) -> std::string_view;

}  // namespace apiary
