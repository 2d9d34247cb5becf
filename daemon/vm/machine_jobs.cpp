// The job that is under way for a VM: there is at most one, and it ends when what it asks for has come true, or cannot.
#include <utility>

#include "vm/machine.hpp"

namespace apiary {
namespace {

// Whoever asks for a stop while a poweroff is under way gets what he wants from that.
auto serves(Command running, Command asked) -> bool {
    return running == asked || (running == Command::poweroff && asked == Command::stop);
}

}  // namespace

auto command_of(Input input) -> Command {
    switch (input) {
        case Input::start:
            return Command::start;
        case Input::stop:
            return Command::stop;
        case Input::poweroff:
            return Command::poweroff;
        case Input::reset:
            return Command::reset;
        case Input::pause:
            return Command::pause;
        case Input::resume:
            return Command::resume;
        default:
            return Command::fail_reset;
    }
}

auto Machine::take_command(Message& command, Effect effect) -> Job* {
    if (command.input == Input::cancel) {
        reply_later(command, job_->id);
        if (effect == Effect::drop_request || effect == Effect::unwatch_stop) {
            finish_job(JobResult::canceled, {Reason::requested, "it was canceled"});
        } else {
            job_canceled_ = true;  // it ends when everything is undone
        }
        return nullptr;
    }
    auto const what = command_of(command.input);
    if (effect == Effect::join && job_ != nullptr && !job_canceled_ && serves(job_->command, what)) {
        reply_later(command, job_->id);
        return nullptr;
    }
    if (effect == Effect::already) {
        auto& job = add_job(what, command);  // beside whatever else is under way
        reply_later(command, job.id);
        return &job;
    }
    begin_job(what, command);
    reply_later(command, job_->id);
    return nullptr;
}

auto Machine::add_job(Command what, Message const& request) -> Job& {
    auto made = event(EventType::job_new);
    made.vm_seq = ++status_.last_event;
    made.details = {{"command", std::string{to_string(what)}}, {"uid", std::to_string(request.requester)}};
    if (request.input == Input::give_up) {
        made.details.emplace("force", "true");
    }
    auto const id = world_.turns.emit(std::move(made));
    return world_.jobs.add({.id = id,
                            .command = what,
                            .vm = name_,
                            .requester = request.requester,
                            .stage = {},
                            .error = {},
                            .started = {},
                            .ended = {},
                            .audience = audience_});
}

void Machine::begin_job(Command what, Message& request) {
    finish_job(job_canceled_ ? JobResult::canceled : JobResult::superseded,
               {Reason::requested, std::string{to_string(what)} + " was asked for"});
    job_ = &add_job(what, request);
    status_.job = job_->id;
}

void Machine::end_job(Job& job, JobResult result, Cause const& cause) {
    bool const well = result == JobResult::done;
    auto error = well ? std::string{} : cause.text;
    if (!well && error.empty()) {
        error = "VM " + name_ + " is " + std::string{to_string(status_.state)} + ": " +
                std::string{to_string(cause.reason)};
    }
    auto made = event(EventType::job_end);
    made.vm_seq = ++status_.last_event;
    made.job = job.id;
    made.details = {{"command", std::string{to_string(job.command)}}, {"result", std::string{to_string(result)}}};
    if (!well) {
        made.details.emplace("error", error);
    }
    world_.turns.emit(std::move(made));
    world_.jobs.finish(job, result, well ? Reason::none : cause.reason, std::move(error));
}

void Machine::finish_job(JobResult result, Cause const& cause) {
    if (job_ == nullptr) {
        return;
    }
    changed();
    job_timer_ = nullptr;
    job_canceled_ = false;
    end_job(*std::exchange(job_, nullptr), result, cause);
    status_.job = 0;
}

void Machine::note_request_answer(GuestEvent const& event) {
    if (event.kind == GuestEvent::Kind::request_done || event.request != request_) {
        return;  // what was asked for shows itself as an event of the guest
    }
    if (status_.state == State::stopping && adopting_ && reachable_) {
        return;  // it is pressed as soon as the guest can be reached
    }
    if (status_.state == State::stopping) {
        tell(EventType::notice, {{"text", "the power button could not be pressed: " + event.text +
                                              "; the guest is powered off when stop_timeout is over"}});
    } else {
        finish_job(JobResult::failed, {Reason::error, event.text});
    }
}

void Machine::jobs_seen(Input input) {
    if (job_ == nullptr) {
        return;
    }
    bool seen = false;
    switch (job_->command) {
        case Command::start:
            seen = input == Input::up && status_.state == State::running;
            break;
        case Command::reset:
            seen = (input == Input::up || input == Input::guest_reset) && status_.state != State::stopping;
            break;
        case Command::pause:
            seen = input == Input::guest_paused && status_.state == State::paused;
            break;
        case Command::resume:
            seen = input == Input::guest_resumed && status_.state == State::running;
            break;
        default:
            break;
    }
    if (seen) {
        finish_job(JobResult::done);
    }
}

void Machine::settle_job() {
    if (job_ == nullptr) {
        return;
    }
    bool const left_over = status_.sub_state == SubState::undo_pending;
    bool const timed_out = why_.reason == Reason::step_timeout || why_.reason == Reason::loader_timeout ||
                           why_.reason == Reason::stop_timeout;
    Cause const undo{Reason::step_failed, status_.reason_text};
    switch (job_->command) {
        case Command::stop:
        case Command::poweroff:
            if (left_over) {
                finish_job(JobResult::failed, undo);
            } else {
                finish_job(why_.reason == Reason::stop_timeout ? JobResult::timeout : JobResult::done, why_);
            }
            break;
        case Command::fail_reset:
            finish_job(left_over ? JobResult::failed : JobResult::done, undo);
            break;
        default:
            finish_job(job_canceled_ ? JobResult::canceled : timed_out ? JobResult::timeout : JobResult::failed, why_);
            break;
    }
}

void Machine::show_progress() {
    if (job_ == nullptr) {
        return;
    }
    double progress = 0.0;
    switch (status_.sub_state) {
        case SubState::prestart: {
            auto const all = static_cast<double>(world_.steps->size() + 1);
            progress = 0.8 * static_cast<double>(attempts_.size()) / all;
            break;
        }
        case SubState::loading:
            progress = 0.8;
            break;
        case SubState::launching:
        case SubState::killing:
            progress = 0.9;
            break;
        case SubState::acpi:
            progress = 0.1;
            break;
        case SubState::poststop:
            progress = 0.95;
            break;
        default:
            break;
    }
    // A request to the hypervisor has no stages of its own.
    auto stage =
        std::string{status_.sub_state == SubState::none ? to_string(job_->command) : to_string(status_.sub_state)};
    if (!status_.step.empty()) {
        stage += " " + status_.step;
    }
    bool const stop_is_free = status_.state != State::stopping || !must_end();
    bool const cancelable =
        !job_canceled_ && stop_is_free && find_row(status_.state, status_.sub_state, Input::cancel) != nullptr;
    world_.jobs.progress(*job_, std::move(stage), progress, cancelable);
}

}  // namespace apiary
