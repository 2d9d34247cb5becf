// A VM's inbox: what each message means for the state table.
#include "vm/machine.hpp"

#include <algorithm>
#include <utility>

namespace apiary {
namespace {

auto audience_of(Definition const& definition) -> Audience {
    return {.owner = definition.owner, .group = definition.group, .visibility = definition.visibility};
}

auto seconds_text(Duration duration) -> std::string {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

auto input_of(GuestEvent const& event, bool once) -> Input {
    using enum GuestEvent::Kind;
    switch (event.kind) {
        case loaded:
            return Input::loaded;
        case up:
            return Input::up;
        case exec_failed:
            return Input::exec_failed;
        case reset:
            return Input::guest_reset;
        case ended:
            return Input::ended;
        case paused:
            return Input::guest_paused;
        case resumed:
            return Input::guest_resumed;
        default:
            break;
    }
    // bmd's rule: a guest that reboots is started again, unless this start was for once only.
    return event.reason == Reason::guest_reboot && !once ? Input::exited_reboot : Input::exited;
}

// An end without a reason is one that nobody knows the reason of.
auto reason_of(GuestEvent const& event) -> Reason {
    if (event.reason != Reason::none) {
        return event.reason;
    }
    switch (event.kind) {
        case GuestEvent::Kind::exec_failed:
            return Reason::exec_failed;
        case GuestEvent::Kind::ended:
        case GuestEvent::Kind::exited:
            return Reason::unknown;
        default:
            return Reason::none;
    }
}

}  // namespace

Machine::Machine(World& world, std::string name, unsigned id, DefinitionPtr definition)
    : world_{world}, name_{std::move(name)}, id_{id}, definition_{std::move(definition)} {
    if (definition_) {
        audience_ = audience_of(*definition_);
    }
    status_.since = world_.loop.wall();
    status_.last_event = world_.turns.journal().last_of(name_);
}

Machine::~Machine() = default;

auto Machine::at_rest() const -> bool {
    return status_.state == State::stopped || status_.state == State::failed;
}

auto Machine::hypervisor() const -> Hypervisor* {
    for (auto* const candidate : world_.hypervisors) {
        if (definition_ && candidate->kind() == definition_->backend) {
            return candidate;
        }
    }
    return nullptr;
}

void Machine::changed() {
    world_.turns.touch(shared_from_this());
}

auto Machine::event(EventType type) const -> Event {
    Event made;
    made.vm = name_;
    made.type = type;
    made.state = made.old_state = status_.state;
    made.sub_state = made.old_sub_state = status_.sub_state;
    made.reason = status_.reason;
    made.job = status_.job;
    made.incarnation = status_.incarnation;
    made.audience = audience_;
    return made;
}

auto Machine::tell(EventType type, std::map<std::string, std::string> details) -> std::uint64_t {
    changed();
    auto made = event(type);
    made.vm_seq = ++status_.last_event;
    made.details = std::move(details);
    return world_.turns.emit(std::move(made));
}

void Machine::announce() {
    world_.turns.added(shared_from_this());
    tell(EventType::vm_added, {});
}

void Machine::take_definition(DefinitionPtr definition) {
    definition_ = std::move(definition);
    audience_ = audience_of(*definition_);
    status_.config_pending = false;
}

void Machine::deliver(Message message) {
    inbox_.push_back(std::move(message));
    if (!std::exchange(pump_scheduled_, true)) {
        world_.loop.post([weak = weak_from_this()] {
            if (auto const self = weak.lock()) {
                self->pump_scheduled_ = false;
                self->pump();
            }
        });
    }
}

void Machine::pump() {
    end_of_life();
    while (!inbox_.empty() && !committing_) {
        if (waiting_) {
            std::exchange(waiting_, nullptr).resume();
        } else {
            auto message = std::move(inbox_.front());
            inbox_.pop_front();
            rest_message(std::move(message));
        }
        end_of_life();
    }
}

void Machine::end_of_life() {
    if (life_ && life_.done()) {
        auto const over = std::exchange(life_, {});
        over.rethrow();
        if (vanishing_ && at_rest()) {
            erase();
        }
    }
}

void Machine::erase() {
    // It was read again while the last of its former life was on the way: the engine counts on it.
    if (std::any_of(inbox_.begin(), inbox_.end(),
                    [](Message const& message) { return message.kind == Message::Kind::definition; })) {
        return;
    }
    erased_ = true;
    on_erased();
    for (auto& message : std::exchange(inbox_, {})) {
        if (message.reply) {
            reply_later(message, Refusal{Refusal::Kind::no_such_vm, "VM " + name_ + " has just been removed"});
        }
    }
}

void Machine::rest_message(Message message) {
    switch (react(message)) {
        case Effect::begin:
            life_ = live();
            life_.start();
            break;
        case Effect::erase:
            erase();
            break;
        default:
            break;
    }
}

void Machine::adopt_found(RunRecord const& record, bool is_new) {
    if (!is_new) {
        changed();
    }
    once_ = found_ = true;
    audience_ = {.owner = record.owner, .group = record.group, .visibility = record.visibility};
    status_.incarnation = std::max(status_.incarnation, record.incarnation);
    run_dir_ = record.run_dir;
    if (is_new) {
        announce();
    }
    react(Input::found, {Reason::recovered, "it was started by an earlier daemon"});
    life_ = live_found();
    life_.start();
}

auto Machine::react(Message& message) -> Effect {
    switch (message.kind) {
        case Message::Kind::command:
            return on_command(message);
        case Message::Kind::boot:
            return on_boot();
        case Message::Kind::definition:
            return on_definition(std::move(message.definition));
        case Message::Kind::vanish:
            vanishing_ = true;
            return react(Input::vanish, {Reason::requested, "its definition is gone"});
        case Message::Kind::order:
            return on_turn_to_start(message);
        case Message::Kind::step_answer:
            keep_late(message);  // of a wait that was cut short
            return Effect::none;
        case Message::Kind::steps:
            return waits_to_undo_ ? react(Input::undo_retry) : Effect::none;
        case Message::Kind::guest:
            return message.generation == launch_generation_ ? on_guest(std::move(message.guest)) : Effect::none;
        case Message::Kind::timer:
            return on_timer(message);
    }
    return Effect::none;
}

void Machine::reply_later(Message& command, Outcome<std::uint64_t> outcome) {
    world_.turns.after_commit(
        [reply = std::move(command.reply), outcome = std::move(outcome)]() mutable { reply(std::move(outcome)); });
}

auto Machine::on_command(Message& command) -> Effect {
    if (command.input == Input::cancel) {
        if (job_ == nullptr || job_->id != command.job) {
            reply_later(command, Refusal{Refusal::Kind::not_cancelable, "the job has ended"});
            return Effect::refuse;
        }
        if (status_.state == State::stopping && must_end()) {
            reply_later(command, Refusal{world_.ending ? Refusal::Kind::shutting_down : Refusal::Kind::not_cancelable,
                                         (world_.ending ? "the daemon is ending: the stop of VM "
                                                        : "its definition is gone: the stop of VM ") +
                                             name_ + " cannot be canceled"});
            return Effect::refuse;
        }
    }
    if (command.input == Input::start) {
        start_sent_ = false;
        if (auto refusal = why_not_to_start(command)) {
            reply_later(command, std::move(*refusal));
            note_order();
            return Effect::refuse;
        }
        if (at_rest() && status_.sub_state != SubState::undo_pending) {
            return on_start(command);
        }
    }
    return react(command.input, command.cause, &command);
}

auto Machine::why_not_to_start(Message const& command) const -> std::optional<Refusal> {
    if (command.again && status_.sub_state != SubState::backoff) {
        // Somebody was quicker, in the same moment; it may be that he stopped it.
        return Refusal{Refusal::Kind::invalid_state, "VM " + name_ + " waits for no restart"};
    }
    if (world_.ending) {
        return Refusal{Refusal::Kind::shutting_down, "the daemon is ending: VM " + name_ + " is not started"};
    }
    if (!world_.turns.durable() && at_rest()) {
        return Refusal{Refusal::Kind::degraded, "VM " + name_ + " is not started: " + why_not_stored()};
    }
    if (!next_definition() && at_rest()) {
        return Refusal{Refusal::Kind::invalid_state,
                       "VM " + name_ + " was found running, and its definition is not read yet"};
    }
    return std::nullopt;
}

auto Machine::why_not_stored() const -> std::string {
    return "the journal cannot be written: " + world_.turns.journal().fault();
}

auto Machine::on_guest(GuestEvent event) -> Effect {
    if (adopting_) {
        if (auto const effect = on_adoption(event)) {
            return *effect;
        }
    }
    switch (event.kind) {
        case GuestEvent::Kind::request_done:
        case GuestEvent::Kind::request_failed:
            note_request_answer(event);
            return Effect::none;
        case GuestEvent::Kind::orphaned:
            tell(EventType::notice, {{"text", "the shim has died; the guest runs on without console and log" +
                                                  (event.text.empty() ? std::string{} : ": " + event.text)}});
            return Effect::none;
        default:
            break;
    }
    auto input = input_of(event, once_);
    bool const unasked = input == Input::guest_paused && event.reason == Reason::none &&
                         (job_ == nullptr || job_->command != Command::pause);
    Cause cause{unasked ? Reason::unknown : reason_of(event), event.text};
    if (input == Input::guest_reset || input == Input::exited_reboot) {
        count_reboot(input, cause);
    }
    return react(input, cause);
}

auto Machine::on_timer(Message const& message) -> Effect {
    if ((message.generation & job_timer_flag) != 0) {
        if (job_timer_ && message.generation == (job_timer_generation_ | job_timer_flag)) {
            finish_job(JobResult::timeout,
                       {Reason::error, "the hypervisor did not do it within " + seconds_text(world_.timings.control) +
                                           ": it may hang; poweroff ends it in any case"});
        }
        return Effect::none;
    }
    if (!timer_ || message.generation != timer_generation_) {
        return Effect::none;
    }
    timer_ = nullptr;
    return react(message.input, message.cause);
}

}  // namespace apiary
