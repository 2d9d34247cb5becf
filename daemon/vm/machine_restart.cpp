// The failure policy of a VM: what follows when all is undone, and which reboot of its guest is one too many.
#include <utility>

#include "vm/machine.hpp"

namespace apiary {

// Nothing is left to undo.
void Machine::conclude() {
    bool const failed = is_failure(why_.reason) || status_.sub_state == SubState::undo_pending;
    auto const definition = next_definition();
    bool const wanted_up = definition && definition->boot == BootPolicy::always && !definition->install;
    // A start that is planned already (Target) is somebody's wish, and has its own delay.
    bool const again = wanted_up && status_.target != Target::running && !stopped_by_hand_ && !must_end() &&
                       restarts_after(why_.reason);
    if (!again) {
        react(failed ? Input::undone_failed : Input::undone);
        return;
    }
    auto const last = why_;
    if (auto exhausted = restart_fault(last)) {
        why_ = std::move(*exhausted);
        react(Input::undone_failed);
        return;
    }
    auto const limit = definition->restart_limit;
    auto const now = world_.loop.wall();
    start_delay_ = restarts_.pause(now, world_.timings.restart_backoff_first, world_.timings.restart_backoff_last);
    auto const due = now + std::chrono::duration_cast<WallTime::duration>(start_delay_);
    auto text = restart_text(restarts_.count(limit, now) + 1, limit, due, last.text);
    restarts_.add(due, limit);
    react(Input::undone_again, {last.reason, std::move(text)});
    why_ = last;
}

// The cause to fail for, where another restart would be beyond its limit.
auto Machine::restart_fault(Cause const& last) const -> std::optional<Cause> {
    auto const limit = next_definition()->restart_limit;
    auto const now = world_.loop.wall();
    if (!restarts_.is_used_up(limit, now)) {
        return std::nullopt;
    }
    return Cause{Reason::restart_limit, limit_text(restarts_.count(limit, now), limit, last.reason, last.text)};
}

auto Machine::asked_to_reboot(Cause const& cause) const -> bool {
    return cause.reason == Reason::requested || (job_ != nullptr && job_->command == Command::reset);
}

// A reboot of the guest's own is a restart too. Beyond the limit it is the guest's end.
void Machine::count_reboot(Input& input, Cause& cause) {
    auto const* const row = find_row(status_.state, status_.sub_state, input);
    bool const goes_on = row != nullptr && (row->effect == Effect::relaunch || row->effect == Effect::settle);
    if (!goes_on || asked_to_reboot(cause) || !next_definition()) {
        return;
    }
    if (auto exhausted = restart_fault({Reason::guest_reboot, cause.text})) {
        input = input == Input::guest_reset ? Input::ended : Input::exited;
        cause = std::move(*exhausted);
        return;
    }
    changed();  // the record has it
    restarts_.add(world_.loop.wall(), next_definition()->restart_limit);
}

// Whoever starts it, or resets its failure, has seen what there was: counting begins anew.
void Machine::forget_restarts(Input input, Message const& command) {
    bool const starts = input == Input::start && at_rest() && !command.again;
    if (starts || input == Input::fail_reset || input == Input::give_up) {
        restarts_.clear();
    }
}

// Of a start that was planned: the daemon could not, for now. What waits in its back-off goes on waiting, and so does
// what the disk has no room for.
void Machine::planned_start_refused(Refusal const& refusal) {
    bool const waits = status_.state == State::stopped && status_.sub_state == SubState::backoff;
    bool const put_off = refusal.kind == Refusal::Kind::degraded && at_rest() && status_.sub_state == SubState::none;
    if (!(waits || put_off) || start_timer_ || status_.target != Target::running || world_.ending) {
        return;
    }
    changed();
    plan_start(world_.timings.restart_backoff_last, waits);
    if (waits) {
        status_.reason_text = "it could not be started again, which is tried once more in a while: " + refusal.text;
    } else if (!std::exchange(start_put_off_, true)) {
        // Once: what happens while nothing can be written has to wait in memory.
        tell(EventType::notice,
             {{"text",
               "its planned start is put off, and tried again every " +
                   std::to_string(
                       std::chrono::duration_cast<std::chrono::minutes>(world_.timings.restart_backoff_last).count()) +
                   " min: " + refusal.text}});
    }
}

}  // namespace apiary
