// The transition function: asks the table what follows, moves, and tells of it. Nothing else changes a VM's state.
#include <algorithm>
#include <array>
#include <utility>

#include "vm/machine.hpp"

namespace apiary {
namespace {

auto where(VmStatus const& status) -> std::string {
    auto text = std::string{to_string(status.state)};
    if (status.sub_state != SubState::none) {
        text += " (" + std::string{to_string(status.sub_state)} + ")";
    }
    return text;
}

// Does it take its time, and is it the same when asked for twice?
auto is_request(Effect effect) -> bool {
    return effect == Effect::ask_reset || effect == Effect::ask_pause || effect == Effect::ask_resume ||
           effect == Effect::retry_undo;
}

auto goes_down(Row const& row) -> bool {
    bool const called_off = row.state == State::starting && row.next == State::stopped;
    return row.next == State::stopping || row.next == State::failed || called_off;
}

auto target_after(TargetMove move, Target before) -> Target {
    switch (move) {
        case TargetMove::keep:
            break;
        case TargetMove::stopped:
            return Target::stopped;
        case TargetMove::running:
            return Target::running;
        case TargetMove::paused:
            return Target::paused;
    }
    return before;
}

}  // namespace

auto is_failure(Reason reason) -> bool {
    static constexpr auto failures =
        std::to_array<Reason>({Reason::guest_panic, Reason::triple_fault, Reason::killed, Reason::error,
                               Reason::step_failed, Reason::step_timeout, Reason::loader_timeout, Reason::restart_limit,
                               Reason::no_resources, Reason::exec_failed, Reason::unknown});
    return std::find(failures.begin(), failures.end(), reason) != failures.end();
}

auto Machine::react(Input input, Cause const& cause, Message* command) -> Effect {
    auto const* const row = find_row(status_.state, status_.sub_state, input);
    if (row == nullptr) {
        if (command != nullptr) {
            refuse(*command, nullptr);
        } else {
            tell(EventType::notice,
                 {{"text", "ignored, for it cannot be while " + where(status_) + ": " + std::string{to_string(input)} +
                               (cause.text.empty() ? "" : ": " + cause.text)}});
        }
        return Effect::refuse;
    }
    auto const effect = effect_of(*row, command);
    if (effect == Effect::refuse || effect == Effect::refuse_undo || effect == Effect::refuse_adopted) {
        if (command != nullptr) {
            refuse(*command, row);
        }
        return Effect::refuse;
    }
    changed();
    if (command != nullptr) {
        forget_restarts(command->input, *command);
    }
    if (effect == Effect::begin || effect == Effect::begin_again) {
        begin();
    }
    Job* const ends_with_move = command != nullptr ? take_command(*command, effect) : nullptr;
    note_cause(*row, cause);
    if ((input == Input::guest_reset || input == Input::exited_reboot) && !goes_down(*row)) {
        tell_reboot(cause);
    }
    if (effect == Effect::drop_undo) {
        give_up_undo();
    }
    status_.target = target_after(row->target, status_.target);
    if (command != nullptr) {
        note_hand(*row);
    }
    if (effect == Effect::begin || effect == Effect::enqueue || status_.target != Target::running) {
        start_timer_ = nullptr;  // it starts, or somebody does not want it to
        start_put_off_ = false;
    }
    move(*row, cause);
    if (ends_with_move != nullptr) {
        end_job(*ends_with_move, JobResult::done, {});
    }
    after_move(effect);
    jobs_seen(input);
    show_progress();
    note_order();
    return effect;
}

// Who asks for the same once more while it is under way gets that: the hypervisor is not asked a second time.
auto Machine::effect_of(Row const& row, Message const* command) const -> Effect {
    bool const again =
        command != nullptr && is_request(row.effect) && job_ != nullptr && job_->command == command_of(row.input);
    return again ? Effect::join : row.effect;
}

void Machine::note_hand(Row const& row) {
    bool const cut_short = row.input == Input::cancel && row.next == State::stopping;
    if (row.input == Input::stop || row.input == Input::poweroff || cut_short) {
        stopped_by_hand_ = true;
    } else if (row.effect == Effect::unwatch_stop) {
        stopped_by_hand_ = false;
    }
}

void Machine::begin() {
    if (pending_) {
        take_definition(std::exchange(pending_, nullptr));
    }
    once_ = definition_->boot == BootPolicy::oneshot || definition_->install;
    stopped_by_hand_ = found_ = stale_ = launched_ = false;
    launch_ = 0;
    ++status_.incarnation;
    run_dir_ = world_.run_root + "/" + std::to_string(id_) + "/" + std::to_string(status_.incarnation);
}

// The first cause of its going down is the one that is told; but a stop that had to be enforced is told as such.
void Machine::note_cause(Row const& row, Cause const& cause) {
    if (goes_down(row)) {
        if (cause.reason != Reason::none && (why_.reason == Reason::none || row.input == Input::stop_timeout)) {
            why_ = cause;
        }
    } else if (row.next != State::stopped || status_.state == State::failed ||
               (status_.sub_state == SubState::backoff && row.next_sub_state != SubState::backoff)) {
        why_ = row.next == State::stopped ? cause : Cause{};  // it goes up again, or its failure is forgiven
    }
}

void Machine::move(Row const& row, Cause const& cause) {
    if (!goes_down(row) && row.next != State::stopped) {
        move_to(row.next, row.next_sub_state,
                {cause.reason == Reason::none ? Reason::requested : cause.reason, cause.text});
        return;
    }
    if (row.effect == Effect::plan_restart) {
        move_to(row.next, row.next_sub_state, cause);
        return;
    }
    auto shown = why_;
    bool const ended_well = !is_failure(why_.reason);
    if (row.next == State::failed && ended_well) {
        // Only what it left on the host is the trouble.
        shown = {Reason::step_failed, "what it left on the host could be undone at a later try only"};
    }
    if (row.input == Input::undo_failed) {
        shown.text = cause.text;
        shown.reason = ended_well ? cause.reason : shown.reason;
        if (status_.sub_state == SubState::undo_pending) {  // again, and maybe for another cause
            status_.reason = shown.reason;
            status_.reason_text = cause.text;
        }
    }
    move_to(row.next, row.next_sub_state, shown);
}

void Machine::move_to(State state, SubState sub_state, Cause const& cause) {
    if (status_.state == state && status_.sub_state == sub_state) {
        return;
    }
    auto made = event(EventType::state);
    status_.state = made.state = state;
    status_.sub_state = made.sub_state = sub_state;
    status_.reason = made.reason = cause.reason;
    status_.reason_text = cause.text;
    status_.since = world_.loop.wall();
    if (!cause.text.empty()) {
        made.details.emplace("text", cause.text);
    }
    made.vm_seq = ++status_.last_event;
    world_.turns.emit(std::move(made));
    if (timer_ && find_row(state, sub_state, timer_input_) == nullptr) {
        disarm();  // what it was to say means nothing here
    }
}

void Machine::after_move(Effect effect) {
    switch (effect) {
        case Effect::take_definition:
            take_definition(std::exchange(pending_, nullptr));
            tell(EventType::vm_changed, {{"pending", "false"}});
            break;
        case Effect::hold_definition:
            status_.config_pending = true;
            tell(EventType::vm_changed, {{"pending", "true"}});
            break;
        case Effect::plan_start:
            start_put_off_ = false;
            plan_start(start_delay_);
            break;
        case Effect::finish:
        case Effect::drop_undo:
            settle_job();
            if (pending_) {
                take_definition(std::exchange(pending_, nullptr));
                tell(EventType::vm_changed, {{"pending", "false"}});
            }
            if (status_.target == Target::running && !world_.ending) {
                plan_start(std::max<Duration>(definition_->boot_delay, world_.timings.restart_pause));
            }
            break;
        case Effect::enqueue:
            stopped_by_hand_ = false;
            break;
        case Effect::plan_restart:
            settle_job();
            if (pending_) {
                take_definition(std::exchange(pending_, nullptr));
                tell(EventType::vm_changed, {{"pending", "false"}});
            }
            plan_start(start_delay_, true);
            break;
        case Effect::hold_undo:
        case Effect::call_off:
        case Effect::erase:
            settle_job();
            break;
        default:
            break;
    }
}

void Machine::tell_reboot(Cause const& cause) {
    auto made = event(EventType::reboot);
    made.reason = cause.reason;
    made.vm_seq = ++status_.last_event;
    made.details = {{"by", asked_to_reboot(cause) ? "request" : "guest"}};
    world_.turns.emit(std::move(made));
}

// What is left on the host from now on is known from the journal alone.
void Machine::give_up_undo() {
    for (auto const& attempt : std::exchange(attempts_, {})) {
        tell_step(attempt, "poststop", "given-up");
    }
}

void Machine::refuse(Message& command, Row const* row) {
    bool const fail_reset = command.input == Input::fail_reset || command.input == Input::give_up;
    auto const what = std::string{fail_reset ? "failreset" : to_string(command.input)};
    Refusal refusal{Refusal::Kind::invalid_state, "VM " + name_ + " is " + where(status_) + ": "};
    if (command.input == Input::cancel) {
        refusal.kind = Refusal::Kind::not_cancelable;
        refusal.text += "what is under way cannot be canceled any more";
    } else if (row != nullptr && row->effect == Effect::refuse_undo) {
        refusal.kind = Refusal::Kind::undo_pending;
        refusal.text +=
            "what the last run left on the host must be undone first (it is retried; failreset retries it "
            "now, failreset --force gives it up): " +
            status_.reason_text;
    } else if (row != nullptr && row->effect == Effect::refuse_adopted) {
        refusal.text += "it was started by an earlier daemon, and can be reached over its console and powered off only";
    } else if (fail_reset) {
        refusal.text += "there is no failure to reset";
    } else if (status_.state == State::paused && command.input == Input::start) {
        refusal.text += "resume it";
    } else if (status_.state == State::stopping) {
        refusal.text += what + " is possible once it " + (command.input == Input::start ? "is stopped" : "runs again");
    } else if (status_.state == State::starting) {
        refusal.text += what + " is possible once it runs";
    } else {
        refusal.text += what + " needs a running VM";
    }
    reply_later(command, std::move(refusal));
}

}  // namespace apiary
