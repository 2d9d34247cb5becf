#include "vm/table.hpp"

#include <array>
#include <unordered_map>

namespace apiary {
namespace {

using enum Effect;
using I = Input;
using S = State;
using Sub = SubState;
using T = TargetMove;

constexpr auto table = std::to_array<Row>({
    // -- stopped: at rest
    {S::stopped, Sub::none, I::start, begin, S::starting, Sub::prestart, T::running},
    {S::stopped, Sub::none, I::stop, already, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::none, I::poweroff, already, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::none, I::reload, take_definition, S::stopped, Sub::none},
    {S::stopped, Sub::none, I::adjust, take_definition, S::stopped, Sub::none},
    {S::stopped, Sub::none, I::autostart, plan_start, S::stopped, Sub::none, T::running},
    {S::stopped, Sub::none, I::autostop, none, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::none, I::restart, plan_start, S::stopped, Sub::none, T::running},
    {S::stopped, Sub::none, I::vanish, erase, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::none, I::found, watch_found, S::running, Sub::not_adopted, T::running},

    // -- starting/waiting (for other VMs), starting/queued (too many are starting): nothing was begun yet
    {S::stopped, Sub::none, I::behind, enqueue, S::starting, Sub::waiting, T::running},
    {S::stopped, Sub::none, I::in_queue, enqueue, S::starting, Sub::queued, T::running},
    {S::failed, Sub::none, I::behind, enqueue, S::starting, Sub::waiting, T::running},
    {S::failed, Sub::none, I::in_queue, enqueue, S::starting, Sub::queued, T::running},
    {S::stopped, Sub::backoff, I::behind, enqueue, S::starting, Sub::waiting, T::running},
    {S::stopped, Sub::backoff, I::in_queue, enqueue, S::starting, Sub::queued, T::running},
    {S::starting, Sub::waiting, I::start, join, S::starting, Sub::waiting, T::running},
    {S::starting, Sub::waiting, I::stop, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::waiting, I::poweroff, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::waiting, I::cancel, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::waiting, I::reload, take_definition, S::starting, Sub::waiting},
    {S::starting, Sub::waiting, I::adjust, take_definition, S::starting, Sub::waiting},
    {S::starting, Sub::waiting, I::autostart, none, S::starting, Sub::waiting},
    {S::starting, Sub::waiting, I::autostop, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::waiting, I::restart, none, S::starting, Sub::waiting},
    {S::starting, Sub::waiting, I::vanish, erase, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::waiting, I::in_queue, none, S::starting, Sub::queued},
    {S::starting, Sub::waiting, I::admitted, begin, S::starting, Sub::prestart},
    {S::starting, Sub::waiting, I::step_failed, call_off, S::failed, Sub::none, T::stopped},
    {S::starting, Sub::waiting, I::host_restarted, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::queued, I::start, join, S::starting, Sub::queued, T::running},
    {S::starting, Sub::queued, I::stop, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::queued, I::poweroff, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::queued, I::cancel, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::queued, I::reload, take_definition, S::starting, Sub::queued},
    {S::starting, Sub::queued, I::adjust, take_definition, S::starting, Sub::queued},
    {S::starting, Sub::queued, I::autostart, none, S::starting, Sub::queued},
    {S::starting, Sub::queued, I::autostop, call_off, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::queued, I::restart, none, S::starting, Sub::queued},
    {S::starting, Sub::queued, I::vanish, erase, S::stopped, Sub::none, T::stopped},
    {S::starting, Sub::queued, I::admitted, begin, S::starting, Sub::prestart},
    {S::starting, Sub::queued, I::step_failed, call_off, S::failed, Sub::none, T::stopped},
    {S::starting, Sub::queued, I::host_restarted, call_off, S::stopped, Sub::none, T::stopped},

    // -- stopped/backoff: it came to an end, and waits for its next automatic start
    {S::stopped, Sub::backoff, I::start, begin, S::starting, Sub::prestart, T::running},
    {S::stopped, Sub::backoff, I::stop, already, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::backoff, I::poweroff, already, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::backoff, I::reload, take_definition, S::stopped, Sub::backoff},
    {S::stopped, Sub::backoff, I::adjust, take_definition, S::stopped, Sub::backoff},
    {S::stopped, Sub::backoff, I::autostart, plan_start, S::stopped, Sub::none, T::running},
    {S::stopped, Sub::backoff, I::autostop, none, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::backoff, I::restart, plan_start, S::stopped, Sub::none, T::running},
    {S::stopped, Sub::backoff, I::vanish, erase, S::stopped, Sub::none, T::stopped},
    {S::stopped, Sub::backoff, I::found, watch_found, S::running, Sub::not_adopted, T::running},
    {S::stopped, Sub::backoff, I::host_restarted, none, S::stopped, Sub::none, T::stopped},
    {S::stopping, Sub::poststop, I::undone_again, plan_restart, S::stopped, Sub::backoff, T::running},
    {S::failed, Sub::undo_pending, I::undone_again, plan_restart, S::stopped, Sub::backoff, T::running},

    // -- starting/prestart: steps run
    {S::starting, Sub::prestart, I::start, join, S::starting, Sub::prestart, T::running},
    {S::starting, Sub::prestart, I::stop, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::poweroff, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::cancel, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::vanish, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::reload, hold_definition, S::starting, Sub::prestart},
    {S::starting, Sub::prestart, I::adjust, take_definition, S::starting, Sub::prestart},
    {S::starting, Sub::prestart, I::autostart, none, S::starting, Sub::prestart},
    {S::starting, Sub::prestart, I::autostop, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::restart, back_out, S::stopping, Sub::poststop, T::running},
    {S::starting, Sub::prestart, I::veto, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::step_failed, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::step_timeout, back_out, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::prestart, I::prepared, launch, S::starting, Sub::launching},
    {S::starting, Sub::prestart, I::prepared_loader, launch, S::starting, Sub::loading},
    {S::starting, Sub::prestart, I::begin_again, begin_again, S::starting, Sub::prestart},
    {S::starting, Sub::prestart, I::undo_failed, hold_undo, S::failed, Sub::undo_pending, T::stopped},
    {S::starting, Sub::prestart, I::host_restarted, none, S::stopping, Sub::poststop, T::stopped},

    // -- starting/loading: an external loader runs
    {S::starting, Sub::loading, I::start, join, S::starting, Sub::loading, T::running},
    {S::starting, Sub::loading, I::stop, kill, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::loading, I::poweroff, kill, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::loading, I::cancel, kill, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::loading, I::vanish, kill, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::loading, I::reload, hold_definition, S::starting, Sub::loading},
    {S::starting, Sub::loading, I::adjust, take_definition, S::starting, Sub::loading},
    {S::starting, Sub::loading, I::autostart, none, S::starting, Sub::loading},
    {S::starting, Sub::loading, I::autostop, kill, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::loading, I::restart, kill, S::stopping, Sub::killing, T::running},
    {S::starting, Sub::loading, I::loaded, none, S::starting, Sub::launching},
    {S::starting, Sub::loading, I::exec_failed, gone, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::loading, I::exited, gone, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::loading, I::exited_reboot, gone, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::loading, I::loader_timeout, kill, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::loading, I::absent, start_over, S::starting, Sub::prestart},
    {S::starting, Sub::loading, I::host_restarted, none, S::stopping, Sub::poststop, T::stopped},

    // -- starting/launching: the hypervisor was spawned and has not reported itself up
    {S::starting, Sub::launching, I::start, join, S::starting, Sub::launching, T::running},
    {S::starting, Sub::launching, I::stop, quit, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::launching, I::poweroff, quit, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::launching, I::cancel, quit, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::launching, I::vanish, quit, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::launching, I::reload, hold_definition, S::starting, Sub::launching},
    {S::starting, Sub::launching, I::adjust, take_definition, S::starting, Sub::launching},
    {S::starting, Sub::launching, I::autostart, none, S::starting, Sub::launching},
    {S::starting, Sub::launching, I::autostop, quit, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::launching, I::restart, quit, S::stopping, Sub::killing, T::running},
    {S::starting, Sub::launching, I::loaded, none, S::starting, Sub::launching},
    {S::starting, Sub::launching, I::up, none, S::running, Sub::none},
    {S::starting, Sub::launching, I::ended, quit, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::launching, I::exec_failed, gone, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::launching, I::exited, gone, S::stopping, Sub::poststop, T::stopped},
    {S::starting, Sub::launching, I::exited_reboot, relaunch, S::starting, Sub::launching},
    {S::starting, Sub::launching, I::loader_timeout, kill, S::stopping, Sub::killing, T::stopped},
    {S::starting, Sub::launching, I::absent, start_over, S::starting, Sub::prestart},
    {S::starting, Sub::launching, I::host_restarted, none, S::stopping, Sub::poststop, T::stopped},

    // -- running
    {S::running, Sub::none, I::start, already, S::running, Sub::none, T::running},
    {S::running, Sub::none, I::stop, press_button, S::stopping, Sub::acpi, T::stopped},
    {S::running, Sub::none, I::poweroff, quit, S::stopping, Sub::killing, T::stopped},
    {S::running, Sub::none, I::reset, ask_reset, S::running, Sub::none},
    {S::running, Sub::none, I::pause, ask_pause, S::running, Sub::none, T::paused},
    {S::running, Sub::none, I::resume, already, S::running, Sub::none, T::running},
    {S::running, Sub::none, I::cancel, drop_request, S::running, Sub::none, T::running},
    {S::running, Sub::none, I::vanish, press_button, S::stopping, Sub::acpi, T::stopped},
    {S::running, Sub::none, I::reload, hold_definition, S::running, Sub::none},
    {S::running, Sub::none, I::adjust, take_definition, S::running, Sub::none},
    {S::running, Sub::none, I::autostart, none, S::running, Sub::none},
    {S::running, Sub::none, I::autostop, press_button, S::stopping, Sub::acpi, T::stopped},
    {S::running, Sub::none, I::restart, press_button, S::stopping, Sub::acpi, T::running},
    {S::running, Sub::none, I::guest_reset, settle, S::running, Sub::rebooting},
    {S::running, Sub::none, I::ended, quit, S::stopping, Sub::killing, T::stopped},
    {S::running, Sub::none, I::exited, gone, S::stopping, Sub::poststop, T::stopped},
    {S::running, Sub::none, I::exited_reboot, relaunch, S::running, Sub::rebooting},
    {S::running, Sub::none, I::guest_paused, none, S::paused, Sub::none},
    {S::running, Sub::none, I::guest_resumed, none, S::running, Sub::none},
    // The cancel of a stop leads here from a reboot too, and its new process is still on its way up then.
    {S::running, Sub::none, I::loaded, none, S::running, Sub::none},
    {S::running, Sub::none, I::up, none, S::running, Sub::none},
    {S::running, Sub::none, I::exec_failed, gone, S::stopping, Sub::poststop, T::stopped},
    {S::running, Sub::none, I::absent, gone, S::stopping, Sub::poststop, T::stopped},
    {S::running, Sub::none, I::host_restarted, none, S::stopping, Sub::poststop, T::stopped},

    // -- running/rebooting: inside the process (QEMU), or by a new process (bhyve)
    {S::running, Sub::rebooting, I::start, already, S::running, Sub::rebooting, T::running},
    {S::running, Sub::rebooting, I::stop, press_button, S::stopping, Sub::acpi, T::stopped},
    {S::running, Sub::rebooting, I::poweroff, quit, S::stopping, Sub::killing, T::stopped},
    {S::running, Sub::rebooting, I::reset, ask_reset, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::pause, ask_pause, S::running, Sub::rebooting, T::paused},
    {S::running, Sub::rebooting, I::resume, already, S::running, Sub::rebooting, T::running},
    {S::running, Sub::rebooting, I::cancel, drop_request, S::running, Sub::rebooting, T::running},
    {S::running, Sub::rebooting, I::vanish, press_button, S::stopping, Sub::acpi, T::stopped},
    {S::running, Sub::rebooting, I::reload, hold_definition, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::adjust, take_definition, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::autostart, none, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::autostop, press_button, S::stopping, Sub::acpi, T::stopped},
    {S::running, Sub::rebooting, I::restart, press_button, S::stopping, Sub::acpi, T::running},
    {S::running, Sub::rebooting, I::guest_reset, settle, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::reboot_settled, none, S::running, Sub::none},
    {S::running, Sub::rebooting, I::loaded, none, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::up, none, S::running, Sub::none},
    {S::running, Sub::rebooting, I::exec_failed, gone, S::stopping, Sub::poststop, T::stopped},
    {S::running, Sub::rebooting, I::loader_timeout, kill, S::stopping, Sub::killing, T::stopped},
    {S::running, Sub::rebooting, I::ended, quit, S::stopping, Sub::killing, T::stopped},
    {S::running, Sub::rebooting, I::exited, gone, S::stopping, Sub::poststop, T::stopped},
    {S::running, Sub::rebooting, I::exited_reboot, relaunch, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::guest_paused, none, S::paused, Sub::none},
    {S::running, Sub::rebooting, I::guest_resumed, none, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::absent, relaunch, S::running, Sub::rebooting},
    {S::running, Sub::rebooting, I::host_restarted, none, S::stopping, Sub::poststop, T::stopped},

    // -- running/not-adopted: it can be seen, reached over its console, and ended
    {S::running, Sub::not_adopted, I::start, refuse_adopted, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::stop, refuse_adopted, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::reset, refuse_adopted, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::pause, refuse_adopted, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::resume, refuse_adopted, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::poweroff, kill, S::stopping, Sub::killing, T::stopped},
    {S::running, Sub::not_adopted, I::reload, hold_definition, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::adjust, hold_definition, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::autostart, none, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::autostop, none, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::restart, none, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::vanish, erase_later, S::running, Sub::not_adopted},
    {S::running, Sub::not_adopted, I::exited, gone, S::stopping, Sub::poststop, T::stopped},

    // -- paused
    {S::paused, Sub::none, I::stop, wake_and_press, S::stopping, Sub::acpi, T::stopped},
    {S::paused, Sub::none, I::poweroff, quit, S::stopping, Sub::killing, T::stopped},
    {S::paused, Sub::none, I::reset, ask_reset, S::paused, Sub::none},
    {S::paused, Sub::none, I::pause, already, S::paused, Sub::none, T::paused},
    {S::paused, Sub::none, I::resume, ask_resume, S::paused, Sub::none, T::running},
    {S::paused, Sub::none, I::cancel, drop_request, S::paused, Sub::none, T::paused},
    {S::paused, Sub::none, I::vanish, wake_and_press, S::stopping, Sub::acpi, T::stopped},
    {S::paused, Sub::none, I::reload, hold_definition, S::paused, Sub::none},
    {S::paused, Sub::none, I::adjust, take_definition, S::paused, Sub::none},
    {S::paused, Sub::none, I::autostart, none, S::paused, Sub::none},
    {S::paused, Sub::none, I::autostop, wake_and_press, S::stopping, Sub::acpi, T::stopped},
    {S::paused, Sub::none, I::restart, wake_and_press, S::stopping, Sub::acpi, T::running},
    {S::paused, Sub::none, I::guest_reset, none, S::paused, Sub::none},
    {S::paused, Sub::none, I::guest_paused, none, S::paused, Sub::none},
    {S::paused, Sub::none, I::guest_resumed, none, S::running, Sub::none},
    {S::paused, Sub::none, I::ended, quit, S::stopping, Sub::killing, T::stopped},
    {S::paused, Sub::none, I::exited, gone, S::stopping, Sub::poststop, T::stopped},
    {S::paused, Sub::none, I::exec_failed, gone, S::stopping, Sub::poststop, T::stopped},
    {S::paused, Sub::none, I::exited_reboot, relaunch, S::running, Sub::rebooting},
    {S::paused, Sub::none, I::absent, gone, S::stopping, Sub::poststop, T::stopped},
    {S::paused, Sub::none, I::host_restarted, none, S::stopping, Sub::poststop, T::stopped},

    // -- stopping/acpi: the button was pressed
    {S::stopping, Sub::acpi, I::stop, join, S::stopping, Sub::acpi, T::stopped},
    {S::stopping, Sub::acpi, I::poweroff, quit, S::stopping, Sub::killing, T::stopped},
    {S::stopping, Sub::acpi, I::cancel, unwatch_stop, S::running, Sub::none, T::running},
    {S::stopping, Sub::acpi, I::reload, hold_definition, S::stopping, Sub::acpi},
    {S::stopping, Sub::acpi, I::adjust, take_definition, S::stopping, Sub::acpi},
    {S::stopping, Sub::acpi, I::autostart, start_later, S::stopping, Sub::acpi, T::running},
    {S::stopping, Sub::acpi, I::autostop, none, S::stopping, Sub::acpi, T::stopped},
    {S::stopping, Sub::acpi, I::restart, start_later, S::stopping, Sub::acpi, T::running},
    {S::stopping, Sub::acpi, I::vanish, erase_later, S::stopping, Sub::acpi, T::stopped},
    {S::stopping, Sub::acpi, I::stop_timeout, quit, S::stopping, Sub::killing},
    // It went down and came up again instead: at a reset nothing is lost by ending it (as bmd does).
    {S::stopping, Sub::acpi, I::guest_reset, quit, S::stopping, Sub::killing},
    {S::stopping, Sub::acpi, I::guest_paused, none, S::stopping, Sub::acpi},
    {S::stopping, Sub::acpi, I::guest_resumed, none, S::stopping, Sub::acpi},
    {S::stopping, Sub::acpi, I::loaded, none, S::stopping, Sub::acpi},
    {S::stopping, Sub::acpi, I::up, press_again, S::stopping, Sub::acpi},
    {S::stopping, Sub::acpi, I::ended, quit, S::stopping, Sub::killing},
    {S::stopping, Sub::acpi, I::exec_failed, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::acpi, I::exited, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::acpi, I::exited_reboot, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::acpi, I::absent, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::acpi, I::host_restarted, none, S::stopping, Sub::poststop},

    // -- stopping/killing: the process is being ended
    {S::stopping, Sub::killing, I::stop, join, S::stopping, Sub::killing, T::stopped},
    {S::stopping, Sub::killing, I::poweroff, join, S::stopping, Sub::killing, T::stopped},
    {S::stopping, Sub::killing, I::reload, hold_definition, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::adjust, take_definition, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::autostart, start_later, S::stopping, Sub::killing, T::running},
    {S::stopping, Sub::killing, I::autostop, none, S::stopping, Sub::killing, T::stopped},
    {S::stopping, Sub::killing, I::restart, start_later, S::stopping, Sub::killing, T::running},
    {S::stopping, Sub::killing, I::vanish, erase_later, S::stopping, Sub::killing, T::stopped},
    {S::stopping, Sub::killing, I::kill_timeout, kill, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::loaded, none, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::up, quit, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::ended, none, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::guest_reset, none, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::guest_paused, none, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::guest_resumed, none, S::stopping, Sub::killing},
    {S::stopping, Sub::killing, I::exec_failed, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::killing, I::exited, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::killing, I::exited_reboot, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::killing, I::absent, gone, S::stopping, Sub::poststop},
    {S::stopping, Sub::killing, I::host_restarted, none, S::stopping, Sub::poststop},

    // -- stopping/poststop: steps are undone
    {S::stopping, Sub::poststop, I::stop, join, S::stopping, Sub::poststop, T::stopped},
    {S::stopping, Sub::poststop, I::poweroff, join, S::stopping, Sub::poststop, T::stopped},
    {S::stopping, Sub::poststop, I::reload, hold_definition, S::stopping, Sub::poststop},
    {S::stopping, Sub::poststop, I::adjust, take_definition, S::stopping, Sub::poststop},
    {S::stopping, Sub::poststop, I::autostart, start_later, S::stopping, Sub::poststop, T::running},
    {S::stopping, Sub::poststop, I::autostop, none, S::stopping, Sub::poststop, T::stopped},
    {S::stopping, Sub::poststop, I::restart, start_later, S::stopping, Sub::poststop, T::running},
    {S::stopping, Sub::poststop, I::vanish, erase_later, S::stopping, Sub::poststop, T::stopped},
    {S::stopping, Sub::poststop, I::undone, finish, S::stopped, Sub::none},
    {S::stopping, Sub::poststop, I::undone_failed, finish, S::failed, Sub::none},
    {S::stopping, Sub::poststop, I::undo_failed, hold_undo, S::failed, Sub::undo_pending},

    // -- failed: at rest
    {S::failed, Sub::none, I::start, begin, S::starting, Sub::prestart, T::running},
    {S::failed, Sub::none, I::stop, already, S::failed, Sub::none, T::stopped},
    {S::failed, Sub::none, I::poweroff, already, S::failed, Sub::none, T::stopped},
    {S::failed, Sub::none, I::fail_reset, already, S::stopped, Sub::none, T::stopped},
    {S::failed, Sub::none, I::give_up, already, S::stopped, Sub::none, T::stopped},
    {S::failed, Sub::none, I::reload, take_definition, S::failed, Sub::none},
    {S::failed, Sub::none, I::adjust, take_definition, S::failed, Sub::none},
    {S::failed, Sub::none, I::autostart, plan_start, S::failed, Sub::none, T::running},
    {S::failed, Sub::none, I::autostop, none, S::failed, Sub::none, T::stopped},
    {S::failed, Sub::none, I::restart, plan_start, S::failed, Sub::none, T::running},
    {S::failed, Sub::none, I::vanish, erase, S::failed, Sub::none, T::stopped},
    {S::failed, Sub::none, I::found, watch_found, S::running, Sub::not_adopted, T::running},

    // -- failed/undo-pending: something is left on the host
    {S::failed, Sub::undo_pending, I::start, refuse_undo, S::failed, Sub::undo_pending},
    {S::failed, Sub::undo_pending, I::stop, already, S::failed, Sub::undo_pending, T::stopped},
    {S::failed, Sub::undo_pending, I::poweroff, already, S::failed, Sub::undo_pending, T::stopped},
    {S::failed, Sub::undo_pending, I::fail_reset, retry_undo, S::failed, Sub::undo_pending},
    {S::failed, Sub::undo_pending, I::give_up, drop_undo, S::stopped, Sub::none, T::stopped},
    {S::failed, Sub::undo_pending, I::cancel, drop_request, S::failed, Sub::undo_pending},
    {S::failed, Sub::undo_pending, I::undo_retry, retry_undo, S::failed, Sub::undo_pending},
    {S::failed, Sub::undo_pending, I::undone_failed, finish, S::failed, Sub::none},
    {S::failed, Sub::undo_pending, I::undo_failed, hold_undo, S::failed, Sub::undo_pending},
    {S::failed, Sub::undo_pending, I::reload, hold_definition, S::failed, Sub::undo_pending},
    {S::failed, Sub::undo_pending, I::adjust, take_definition, S::failed, Sub::undo_pending},
    {S::failed, Sub::undo_pending, I::autostart, start_later, S::failed, Sub::undo_pending, T::running},
    {S::failed, Sub::undo_pending, I::autostop, none, S::failed, Sub::undo_pending, T::stopped},
    {S::failed, Sub::undo_pending, I::restart, start_later, S::failed, Sub::undo_pending, T::running},
    {S::failed, Sub::undo_pending, I::vanish, erase_later, S::failed, Sub::undo_pending, T::stopped},
});

auto key(State state, SubState sub_state, Input input) -> int {
    return (static_cast<int>(state) * 64 + static_cast<int>(sub_state)) * 64 + static_cast<int>(input);
}

}  // namespace

auto rows() -> std::span<Row const> {
    return table;
}

auto find_row(State state, SubState sub_state, Input input) -> Row const* {
    static auto const index = [] {
        std::unordered_map<int, Row const*> made;
        for (auto const& row : table) {
            made.emplace(key(row.state, row.sub_state, row.input), &row);
        }
        return made;
    }();
    auto const it = index.find(key(state, sub_state, input));
    return it == index.end() ? nullptr : it->second;
}

auto is_command(Input input) -> bool {
    return input <= Input::cancel;
}

auto to_string(Input input) -> std::string_view {
    static constexpr auto words = std::to_array<std::string_view>(
        {"start",        "stop",           "poweroff",      "reset",          "pause",
         "resume",       "failreset",      "give-up",       "cancel",         "reload",
         "adjust",       "autostart",      "autostop",      "restart",        "vanish",
         "behind",       "in-queue",       "admitted",      "prepared",       "prepared-loader",
         "veto",         "step-failed",    "step-timeout",  "loaded",         "up",
         "exec-failed",  "loader-timeout", "guest-reset",   "reboot-settled", "ended",
         "exited",       "exited-reboot",  "guest-paused",  "guest-resumed",  "stop-timeout",
         "kill-timeout", "undone",         "undone-failed", "undone-again",   "undo-failed",
         "undo-retry",   "found",          "absent",        "begin-again",    "host-restarted"});
    static_assert(words.size() == static_cast<std::size_t>(input_count));
    return words[static_cast<std::size_t>(input)];
}

}  // namespace apiary
