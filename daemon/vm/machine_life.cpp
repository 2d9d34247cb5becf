// The coroutine of a VM that is not at rest, and its middle part: launch, and the guest's life.
//
// It never changes the state itself: it tells react() what has happened and does what the row's effect says. It is
// never cancelled: a command cuts its current wait short by arriving in the inbox.
#include <exception>
#include <utility>

#include "vm/found_guest.hpp"
#include "vm/kill_point.hpp"
#include "vm/machine.hpp"

namespace apiary {

auto Machine::NextMessage::await_resume() const -> Message {
    auto message = std::move(machine.inbox_.front());
    machine.inbox_.pop_front();
    return message;
}

void Machine::Committed::await_suspend(std::coroutine_handle<> handle) const {
    machine.committing_ = handle;
    machine.world_.turns.after_commit([&loop = machine.world_.loop, weak = machine.weak_from_this()] {
        loop.post([weak] {
            auto const self = weak.lock();
            if (self && self->committing_) {
                std::exchange(self->committing_, nullptr).resume();
                self->pump();
            }
        });
    });
}

auto Machine::next() -> NextMessage {
    return {*this};
}

auto Machine::committed() -> Committed {
    return {*this};
}

auto Machine::live() -> Task<> {
    if (co_await prepare()) {
        auto const* const backend = hypervisor();
        react(backend != nullptr && backend->has_loader(*definition_) ? Input::prepared_loader : Input::prepared);
        note_launch();
        co_await committed();
        if (world_.turns.durable()) {
            launch();
            co_await attend();
        } else {
            // The next daemon would undo the steps of a guest that runs, and start it a second time.
            launched_ = false;
            react(Input::exec_failed, {Reason::error, "it is not launched: " + why_not_stored()});
        }
    }
    co_await undo_all();
}

auto Machine::live_found() -> Task<> {
    watch_process({.run_dir = run_dir_, .launch = 0, .remembered = false});
    co_await attend();
    co_await undo_all();
}

// A guest whose hypervisor cannot be talked to: by its shim alone.
void Machine::watch_process(Reattachment what) {
    auto const generation = ++launch_generation_;
    std::unique_ptr<Supervised> process;
    try {
        process = world_.supervisor.reattach(
            std::move(what), [weak = weak_from_this(), generation](SupervisedEvent const& seen) {
                auto const self = weak.lock();
                auto made = found_guest_event(seen);
                if (self && made) {
                    self->deliver({.kind = Message::Kind::guest, .guest = std::move(*made), .generation = generation});
                }
            });
    } catch (std::exception const& error) {
        tell(EventType::notice, {{"text", std::string{"its shim cannot be reached: "} + error.what()}});
    }
    guest_ = std::make_unique<FoundGuest>(std::move(process));
    note_pid();
}

// In the turn that is committed before the launch.
void Machine::note_launch() {
    launched_ = true;
    ++launch_;
}

void Machine::launch() {
    auto* const backend = hypervisor();
    if (backend == nullptr) {
        launched_ = false;
        react(Input::exec_failed, {Reason::exec_failed, "backend " + std::string{to_string(definition_->backend)} +
                                                            " is not available here"});
        return;
    }
    if (lacks_secrets(*definition_)) {
        launched_ = false;
        react(Input::exec_failed,
              {Reason::exec_failed,
               "the daemon was restarted, and the secrets of the definition that it was started with "
               "(a password) are not kept: start it again"});
        return;
    }
    auto const generation = ++launch_generation_;
    LaunchRequest request{.definition = definition_,
                          .id = id_,
                          .incarnation = status_.incarnation,
                          .run_dir = run_dir_,
                          .contributions = contributions(),
                          .launch = launch_};
    std::string fault = "the backend launched nothing";
    APIARY_KILL_POINT("launch.call");
    try {
        guest_ = backend->launch(std::move(request), [weak = weak_from_this(), generation](GuestEvent const& seen) {
            if (auto const self = weak.lock()) {
                self->deliver({.kind = Message::Kind::guest, .guest = seen, .generation = generation});
            }
        });
    } catch (std::exception const& error) {
        fault = error.what();
    }
    if (!guest_) {
        launched_ = false;
        react(Input::exec_failed, {Reason::exec_failed, fault});
        return;
    }
    APIARY_KILL_POINT("launch.called");
    note_pid();
    if (definition_->loader_timeout.count() > 0) {
        arm(definition_->loader_timeout, Input::loader_timeout);
    }
}

void Machine::note_pid() {
    auto const pid = guest_ ? guest_->pid() : 0;
    if (status_.hypervisor_pid != pid) {
        changed();
        status_.hypervisor_pid = pid;
    }
}

auto Machine::attend() -> Task<> {
    while (guest_) {
        auto message = co_await next();
        if (hold(message)) {
            continue;
        }
        auto const effect = react(message);
        perform(effect);
        release();
        if (effect == Effect::relaunch) {
            note_launch();
            co_await committed();
            APIARY_KILL_POINT("relaunch.noted");
            bool const ready = co_await renew_steps();
            if (ready) {
                launch();
            }
        }
        note_pid();
    }
}

auto Machine::ask() -> unsigned {
    auto const generation = ++job_timer_generation_ | job_timer_flag;
    job_timer_ = world_.loop.after(world_.timings.control, [weak = weak_from_this(), generation] {
        if (auto const self = weak.lock()) {
            self->deliver({.kind = Message::Kind::timer, .generation = generation});
        }
    });
    return ++request_;
}

void Machine::perform(Effect effect) {
    auto const& timings = world_.timings;
    switch (effect) {
        case Effect::press_button:
        case Effect::wake_and_press:
            arm(next_definition()->stop_timeout, Input::stop_timeout);
            if (next_definition()->stop_timeout.count() <= 0) {
                break;  // it is powered off in a moment
            }
            if (effect == Effect::wake_and_press) {
                guest_->resume(++request_);
            }
            APIARY_KILL_POINT("button.press");
            guest_->press_power_button(++request_);
            APIARY_KILL_POINT("button.pressed");
            break;
        case Effect::press_again:
            guest_->press_power_button(++request_);
            break;
        case Effect::quit:
            arm(timings.quit, Input::kill_timeout);
            APIARY_KILL_POINT("quit.call");
            guest_->quit();
            APIARY_KILL_POINT("quit.called");
            break;
        case Effect::kill:
            arm(timings.kill, Input::kill_timeout);
            APIARY_KILL_POINT("kill.call");
            guest_->kill();
            APIARY_KILL_POINT("kill.called");
            break;
        case Effect::ask_reset:
            guest_->reset(ask());
            APIARY_KILL_POINT("reset.asked");
            break;
        case Effect::ask_pause:
            guest_->pause(ask());
            break;
        case Effect::ask_resume:
            guest_->resume(ask());
            break;
        case Effect::settle:
            arm(timings.reboot_settle, Input::reboot_settled);
            break;
        case Effect::unwatch_stop:
            disarm();
            break;
        case Effect::relaunch:
        case Effect::start_over:
        case Effect::gone:
            part_with_guest();
            break;
        default:
            break;
    }
}

void Machine::part_with_guest() {
    disarm();
    launched_ = adopting_ = unfinished_ = false;
    ++launch_generation_;
    world_.turns.after_commit([&departed = world_.departed, run_dir = run_dir_,
                               guest = std::shared_ptr<Guest>{std::move(guest_)}] { departed.add(run_dir, guest); });
}

void Machine::arm(Duration delay, Input input) {
    Cause cause;
    if (input == Input::loader_timeout) {
        cause = {Reason::loader_timeout, "the guest was not up within " +
                                             std::to_string(definition_->loader_timeout.count()) +
                                             " s (loader_timeout)"};
    } else if (input == Input::stop_timeout && delay.count() <= 0) {
        cause = {why_.reason, "it was powered off at once: its stop_timeout is 0"};
    } else if (input == Input::stop_timeout) {
        cause = {Reason::stop_timeout, "the guest did not power off within " +
                                           std::to_string(next_definition()->stop_timeout.count()) +
                                           " s of the ACPI power button (stop_timeout): it was powered off"};
    }
    timer_input_ = input;
    auto const generation = ++timer_generation_;
    timer_ = world_.loop.after(delay, [weak = weak_from_this(), input, cause, generation] {
        if (auto const self = weak.lock()) {
            self->deliver({.kind = Message::Kind::timer, .input = input, .cause = cause, .generation = generation});
        }
    });
}

void Machine::disarm() {
    timer_ = nullptr;
    ++timer_generation_;
}

}  // namespace apiary
