// The first and the last part of the coroutine of a VM that is not at rest: its steps, and their undo.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "vm/agents.hpp"
#include "vm/kill_point.hpp"
#include "vm/machine.hpp"

namespace apiary {

namespace {

// A step that throws has failed: whoever waits for its answer gets one.
template <typename Call>
void call_guarded(Step::Done const& answer, Call const& call) {
    try {
        call(answer);
    } catch (std::exception const& error) {
        answer({.kind = StepResult::Kind::failed, .text = error.what()});
    }
}

}  // namespace

auto lacking_step_text(World const& world, std::string_view step) -> std::string {
    if (is_agent_step(step)) {
        auto const agent = std::string{step.substr(agent_step_prefix.size())};
        return "the agent " + agent + " is not there now: it is done as soon as it has registered again";
    }
    if (!is_plugin_step(step)) {
        return "this daemon has no such step; an earlier one had";
    }
    auto const plugin = std::string{step.substr(plugin_step_prefix.size())};
    if (auto const why = world.why_absent ? world.why_absent(plugin) : std::string{}; !why.empty()) {
        return "the plugin " + plugin + " " + why + " (it is done as soon as it is back)";
    }
    return "the plugin " + plugin + " is not there now: it is done as soon as it is back (apiaryctl plugin show " +
           plugin + " says what keeps it away)";
}

void Machine::set_step(std::string_view step) {
    changed();
    status_.step = step;
    show_progress();
}

void Machine::tell_step(Attempt const& attempt, std::string_view phase, std::string_view result,
                        std::string const& text) {
    std::map<std::string, std::string> details{{"step", attempt.name},
                                               {"phase", std::string{phase}},
                                               {"result", std::string{result}},
                                               {"attempt", std::to_string(attempt.id)}};
    if (!text.empty()) {
        details.emplace("text", text);
    }
    tell(EventType::step, std::move(details));
}

auto Machine::call_for(Attempt const& attempt) const -> StepCall {
    return {.definition = definition_,
            .id = id_,
            .incarnation = status_.incarnation,
            .attempt = attempt.id,
            .run_dir = run_dir_,
            .contributions = {}};
}

auto Machine::contributions() const -> std::vector<Contribution> {
    std::vector<Contribution> all;
    for (auto const& attempt : attempts_) {
        all.insert(all.end(), attempt.contributions.begin(), attempt.contributions.end());
    }
    return all;
}

// Each call has a number, for a prestart that was cut short and its undo carry the same attempt id: the late answer of
// the one must not be taken for the answer of the other.
auto Machine::answer_to_call() -> Step::Done {
    return [weak = weak_from_this(), number = ++call_](StepResult result) {
        if (auto const self = weak.lock()) {
            self->deliver({.kind = Message::Kind::step_answer, .result = std::move(result), .generation = number});
        }
    };
}

auto Machine::find_step(std::string_view name) const -> std::shared_ptr<Step> {
    auto const& steps = *world_.steps;
    auto const step = std::ranges::find_if(steps, [name](auto const& one) { return one->name() == name; });
    return step == steps.end() ? nullptr : *step;
}

// An undo that waits for one of those that came needs no other reason to be tried.
void Machine::note_steps() {
    bool const helped = std::ranges::any_of(
        attempts_, [this](Attempt const& attempt) { return attempt.lacks_step && find_step(attempt.name) != nullptr; });
    if (helped) {
        deliver({.kind = Message::Kind::steps});
    }
}

void Machine::name_awaited_steps(std::set<std::string>& names) const {
    for (auto const& attempt : attempts_) {
        names.insert(attempt.name);
    }
}

void Machine::call_prestart(Step& step, Attempt const& attempt) {
    auto call = call_for(attempt);
    call.contributions = contributions();
    call_guarded(answer_to_call(), [&](Step::Done const& answer) {
        APIARY_KILL_POINT("prestart.call");
        step.prestart(std::move(call), answer);
        APIARY_KILL_POINT("prestart.called");
    });
}

void Machine::call_poststop(Step* step, Attempt const& attempt) {
    auto call = call_for(attempt);
    call.contributions = attempt.contributions;
    call_guarded(answer_to_call(), [&](Step::Done const& answer) {
        if (step == nullptr) {
            throw std::runtime_error{lacking_step_text(world_, attempt.name)};
        }
        APIARY_KILL_POINT("poststop.call");
        step->poststop(std::move(call), answer);
        APIARY_KILL_POINT("poststop.called");
    });
}

void Machine::call_renew(Step& step, Attempt const& attempt) {
    auto call = call_for(attempt);
    call.contributions = attempt.contributions;
    call_guarded(answer_to_call(), [&](Step::Done const& answer) {
        APIARY_KILL_POINT("renew.call");
        step.renew(std::move(call), answer);
        APIARY_KILL_POINT("renew.called");
    });
}

auto Machine::prepare() -> Task<bool> {
    auto const steps = world_.steps;
    for (auto const& step : *steps) {
        if (step->applies_to(*definition_)) {
            bool const ready = co_await attempt_step(step);
            if (!ready) {
                co_return false;
            }
        }
    }
    set_step({});
    co_return true;
}

// False: the VM is on its way down.
auto Machine::attempt_step(std::shared_ptr<Step> step) -> Task<bool> {
    set_step(step->name());
    // The number of the event that tells of the attempt identifies it, also for the step.
    auto const attempt_id = tell(EventType::step, {{"step", std::string{step->name()}}, {"phase", "prestart"}});
    attempts_.push_back({.name = std::string{step->name()}, .id = attempt_id, .contributions = {}});
    show_progress();
    co_await committed();
    if (!world_.turns.durable()) {
        // If it were called now and we died, nobody would know that there is something to undo.
        auto const text = "it is not begun: " + why_not_stored();
        tell_step(attempts_.back(), "prestart", "failed", text);
        attempts_.pop_back();
        status_.step.clear();
        react(Input::step_failed, {Reason::error, "step " + std::string{step->name()} + ": " + text});
        co_return false;
    }
    call_prestart(*step, attempts_.back());
    attempts_.back().prestart = call_;
    arm(step->timeout(), Input::step_timeout);
    for (;;) {
        auto message = co_await next();
        if (message.kind == Message::Kind::step_answer && message.generation == call_) {
            APIARY_KILL_POINT("prestart.answered");
            disarm();
            auto& result = message.result;
            attempts_.back().contributions = std::move(result.contributions);
            if (result.kind == StepResult::Kind::ok) {
                tell_step(attempts_.back(), "prestart", "ok");
                co_return true;
            }
            bool const veto = result.kind == StepResult::Kind::veto;
            tell_step(attempts_.back(), "prestart", veto ? "veto" : "failed", result.text);
            if (veto) {
                attempts_.pop_back();  // it says itself that there is nothing to undo
                status_.step.clear();  // nor is it part of what follows
            }
            auto const reason = result.reason != Reason::none ? result.reason
                                : veto                        ? Reason::veto
                                                              : Reason::step_failed;
            react(veto ? Input::veto : Input::step_failed,
                  {reason, "step " + std::string{step->name()} + ": " + result.text});
            co_return false;
        }
        if (message.kind == Message::Kind::timer && message.input == Input::step_timeout) {
            message.cause = {Reason::step_timeout,
                             "step " + std::string{step->name()} + " did not answer in time; it is undone"};
        }
        bool const late = message.kind == Message::Kind::timer;
        if (react(message) == Effect::back_out) {
            tell_step(attempts_.back(), "prestart", late ? "timeout" : "canceled");
            step->cancel(attempt_id);
            APIARY_KILL_POINT("prestart.canceled");
            co_return false;
        }
    }
}

// What a prestart made that was called off: its undo is for that, and may be a later daemon's.
void Machine::keep_late(Message& message) {
    auto const attempt = std::ranges::find(attempts_, message.generation, &Attempt::prestart);
    auto& contributed = message.result.contributions;
    if (attempt == attempts_.end() || contributed.empty()) {
        return;
    }
    for (auto& one : contributed) {
        one.fd = nullptr;  // of no use to an undo
    }
    attempt->contributions = std::move(contributed);
    changed();
}

auto Machine::undo_all() -> Task<> {
    auto backoff = world_.timings.undo_backoff_first;
    co_await committed();
    for (;;) {
        bool const all_undone = co_await undo_once();
        if (all_undone) {
            break;
        }
        bool const again = co_await wait_to_undo_again(backoff);
        if (!again) {
            co_return;
        }
        backoff = std::min(backoff * 2, world_.timings.undo_backoff_last);
    }
    if (at_rest() && status_.sub_state != SubState::undo_pending) {
        co_return;  // given up while it was tried
    }
    if (status_.state == State::starting) {
        co_return;  // the start that an earlier daemon had begun: it begins anew
    }
    conclude();
}

// False: somebody gave up what is left.
auto Machine::wait_to_undo_again(Duration backoff) -> Task<bool> {
    // Only a step's coming can help where all that is left lacks its step.
    if (std::ranges::any_of(attempts_, [](Attempt const& attempt) { return !attempt.lacks_step; })) {
        arm(backoff, Input::undo_retry);
    }
    waits_to_undo_ = true;
    note_steps();  // it may have come while others were undone
    for (bool again = false; !again;) {
        auto message = co_await next();
        auto const effect = react(message);
        if (effect == Effect::drop_undo) {
            waits_to_undo_ = false;
            co_return false;
        }
        again = effect == Effect::retry_undo;
    }
    waits_to_undo_ = false;
    disarm();
    co_return true;
}

auto Machine::undo_once() -> Task<bool> {
    Cause fault;
    // What cannot be undone now does not keep the rest from it.
    for (auto index = attempts_.size(); index-- > 0;) {
        bool const go_on = co_await undo_attempt(index, fault);
        if (!go_on) {
            break;
        }
    }
    set_step({});
    bool const nothing_left = attempts_.empty();
    if (!nothing_left) {
        react(Input::undo_failed, fault);
    }
    co_return nothing_left;
}

// False: somebody gave up what is left.
auto Machine::undo_attempt(std::size_t index, Cause& fault) -> Task<bool> {
    auto const name = attempts_[index].name;
    set_step(name);
    tell(EventType::step, {{"step", name}, {"phase", "poststop"}});
    co_await committed();
    auto const step = find_step(name);
    attempts_[index].lacks_step = step == nullptr;
    auto const patience = step ? step->undo_timeout().value_or(world_.timings.undo) : world_.timings.undo;
    call_poststop(step.get(), attempts_[index]);
    arm(patience, Input::undo_retry);
    for (;;) {
        auto message = co_await next();
        bool const answer = message.kind == Message::Kind::step_answer && message.generation == call_;
        bool const late =
            message.kind == Message::Kind::timer && message.generation == timer_generation_ && timer_ != nullptr;
        if (answer && message.result.kind == StepResult::Kind::ok) {
            APIARY_KILL_POINT("poststop.answered");
            disarm();
            tell_step(attempts_[index], "poststop", "ok");
            attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(index));
            co_return true;
        }
        if (answer || late) {
            disarm();
            auto const why = late ? std::string{"it did not answer in time"} : message.result.text;
            tell_step(attempts_[index], "poststop", late ? "timeout" : "failed", late ? std::string{} : why);
            bool const unavailable = attempts_[index].lacks_step
                                         ? is_plugin_step(name) || is_agent_step(name)
                                         : answer && message.result.reason == Reason::plugin_unavailable;
            bool const first = fault.text.empty();
            fault.reason = unavailable && (first || fault.reason == Reason::plugin_unavailable)
                               ? Reason::plugin_unavailable
                               : Reason::step_failed;
            fault.text.append(first ? "step " : "; step ").append(name).append(" could not be undone: ").append(why);
            co_return true;
        }
        if (react(message) == Effect::drop_undo) {
            disarm();
            co_return false;
        }
        if (!timer_) {
            arm(patience, Input::undo_retry);  // its state has changed
        }
    }
}

}  // namespace apiary
