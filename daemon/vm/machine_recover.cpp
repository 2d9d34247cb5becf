// What of a VM outlives the daemon, and how the next one goes on from there.
//
// The record says what may have been begun; what has become of it is found out. Steps are undone by what the record has
// of them; of a guest its hypervisor's adopt() tells. A VM that had not come to its launch is started anew once all is
// undone, with the job that it had.
#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "vm/kill_point.hpp"
#include "vm/machine.hpp"

namespace apiary {
namespace {

// No process yet, or none any more: what is asked of it meanwhile is lost.
class NoGuest : public Guest {
public:
    [[nodiscard]] auto pid() const -> pid_t override { return 0; }
    void press_power_button(unsigned) override {}
    void reset(unsigned) override {}
    void pause(unsigned) override {}
    void resume(unsigned) override {}
    void quit() override {}
    void kill() override {}
    void attach_console(UniqueFd, ConsoleMode, bool, std::function<void(ConsoleResult)> done) override {
        done(ConsoleResult::gone);
    }
    void forget() override {}
};

auto has_guest(VmStatus const& status) -> bool {
    switch (status.state) {
        case State::running:
        case State::paused:
            return true;
        case State::starting:
            return status.sub_state == SubState::loading || status.sub_state == SubState::launching;
        case State::stopping:
            return status.sub_state != SubState::poststop;
        default:
            return false;
    }
}

// Nobody can answer it any more: what was asked of the guest is not known to have reached it.
auto dies_with_daemon(Command command) -> bool {
    return command == Command::reset || command == Command::pause || command == Command::resume;
}

}  // namespace

auto Machine::record() const -> VmRecord {
    VmRecord record{.name = name_,
                    .id = id_,
                    .status = status_,
                    .audience = audience_,
                    .definition = definition_,
                    .run_dir = run_dir_,
                    .launched = launched_,
                    .launch = launch_,
                    .why = why_.reason,
                    .why_text = why_.text,
                    .attempts = {},
                    .vanishing = vanishing_,
                    .once = once_,
                    .stopped_by_hand = stopped_by_hand_,
                    .job_canceled = job_canceled_,
                    .boot_due = boot_due_,
                    .start_due = start_timer_ ? std::optional{start_due_} : std::nullopt,
                    .restarts = restarts_.stamps()};
    for (auto const& attempt : attempts_) {
        auto& kept = record.attempts.emplace_back(
            AttemptRecord{.step = attempt.name, .id = attempt.id, .contributions = attempt.contributions});
        for (auto& contribution : kept.contributions) {
            contribution.fd = nullptr;
        }
    }
    return record;
}

void Machine::recover(VmRecord record, Job* job, bool same_boot, bool boots) {
    auto const last_event = std::max(status_.last_event, record.status.last_event);
    status_ = std::move(record.status);
    status_.last_event = last_event;
    status_.job = job != nullptr ? job->id : 0;
    status_.config_pending = false;  // what waited is read again
    job_ = job;
    job_canceled_ = record.job_canceled;
    audience_ = record.audience;
    run_dir_ = std::move(record.run_dir);
    launched_ = record.launched;
    launch_ = record.launch;
    why_ = {record.why, std::move(record.why_text)};
    vanishing_ = record.vanishing;
    once_ = record.once;
    stopped_by_hand_ = record.stopped_by_hand;
    boot_due_ = record.boot_due || boots;
    restarts_ = RestartHistory{std::move(record.restarts)};
    stale_ = true;
    for (auto& kept : record.attempts) {
        attempts_.push_back(
            {.name = std::move(kept.step), .id = kept.id, .contributions = std::move(kept.contributions)});
    }
    if (boots) {
        changed();  // that it boots is kept as the rest is taken up
    }
    if (job_ != nullptr && dies_with_daemon(job_->command)) {
        finish_job(JobResult::failed, {Reason::error, "the daemon was restarted before it had come true"});
    }
    bool const adopts = same_boot && has_guest(status_);
    if (!same_boot) {
        launched_ = false;
        status_.hypervisor_pid = 0;
        if (find_row(status_.state, status_.sub_state, Input::host_restarted) != nullptr) {
            react(Input::host_restarted, {Reason::host_shutdown, "the host was restarted"});
        }
    }
    if (at_rest() && status_.sub_state != SubState::undo_pending) {
        vanishing_ = false;  // whether its definition is gone is read again
        bool const again = status_.sub_state == SubState::backoff;
        // A back-off that was over, and whose start was on the way, has no time any more.
        if (!boots && (record.start_due || again) && status_.target == Target::running) {
            auto const now = world_.loop.wall();
            plan_start(std::max<Duration>(record.start_due.value_or(now) - now, {}), again);
        }
        return;
    }
    if (waits_for_its_turn()) {
        return;  // nothing was begun
    }
    life_ = adopts ? live_adopted() : live_again();
    life_.start();
}

auto Machine::live_adopted() -> Task<> {
    take_over();
    co_await attend();
    co_await live_again();
}

// Undoes; a start that was under way begins anew then.
auto Machine::live_again() -> Task<> {
    co_await undo_all();
    if (status_.state != State::starting) {
        co_return;
    }
    if (!world_.turns.durable()) {
        react(Input::step_failed,
              {Reason::error, "the daemon was restarted while it was being started, and " + why_not_stored()});
        co_await undo_all();
        co_return;
    }
    APIARY_KILL_POINT("start.again");
    react(Input::begin_again);
    co_await live();
}

void Machine::take_over() {
    auto* const backend = hypervisor();
    auto const& timings = world_.timings;
    auto const generation = ++launch_generation_;
    std::string fault = "its backend is not available here";
    APIARY_KILL_POINT("adopt.call");
    try {
        guest_ =
            backend == nullptr
                ? nullptr
                : backend->adopt(
                      {.definition = definition_,
                       .id = id_,
                       .incarnation = status_.incarnation,
                       .run_dir = run_dir_,
                       .contributions = contributions(),
                       .launch = launch_},
                      [weak = weak_from_this(), generation](GuestEvent const& seen) {
                          if (auto const self = weak.lock()) {
                              self->deliver({.kind = Message::Kind::guest, .guest = seen, .generation = generation});
                          }
                      });
    } catch (std::exception const& error) {
        fault = error.what();
    }
    APIARY_KILL_POINT("adopt.called");
    adopting_ = reachable_ = guest_ != nullptr;
    if (guest_) {
        note_pid();
    } else {
        tell(EventType::notice, {{"text", "it can only be reached over its console and powered off: " + fault}});
        watch_process({.run_dir = run_dir_, .launch = launch_, .remembered = true});
    }
    switch (status_.sub_state) {
        case SubState::rebooting:
            if (backend != nullptr && backend->reboots_in_process()) {
                arm(timings.reboot_settle, Input::reboot_settled);
                break;
            }
            [[fallthrough]];
        case SubState::loading:
        case SubState::launching:
            // All of it again: it may have come up while nobody was there to see it.
            if (definition_->loader_timeout.count() > 0) {
                arm(definition_->loader_timeout, Input::loader_timeout);
            }
            break;
        case SubState::acpi: {
            Duration const passed = std::max<Duration>(world_.loop.wall() - status_.since, {});
            Duration const whole = next_definition()->stop_timeout;
            // It may be over already: then that is told in a moment.
            arm(whole.count() <= 0 ? whole : std::max<Duration>(whole - passed, timings.quit), Input::stop_timeout);
            break;
        }
        case SubState::killing:
            arm(timings.quit, Input::kill_timeout);
            break;
        default:
            break;
    }
}

// What a guest is found to be, where its place in the table expects something before that, which nobody saw. True: the
// event is dealt with.
auto Machine::on_adoption(GuestEvent& event) -> std::optional<Effect> {
    using enum GuestEvent::Kind;
    // An earlier daemon may have killed it for not being up, and have died before that was written down.
    bool const was_on_its_way = status_.sub_state == SubState::loading || status_.sub_state == SubState::launching ||
                                (status_.sub_state == SubState::rebooting && launch_ > 1);
    bool const was_unfinished = unfinished_ || (event.kind == exited && was_on_its_way &&
                                                (event.reason == Reason::killed || event.reason == Reason::recovered));
    bool const starting = status_.state == State::starting;
    Cause const nothing_runs{starting ? Reason::recovered : Reason::unknown,
                             starting ? "the daemon was restarted while it was being launched: it is started anew"
                                      : "nothing of it was found when the daemon was started again"};
    switch (event.kind) {
        case absent:
            adopting_ = false;
            return react(Input::absent, nothing_runs);
        case unfinished:
            unfinished_ = true;  // it was killed
            return Effect::none;
        case unreachable:
            reachable_ = false;
            tell(EventType::notice, {{"text", "it runs, but cannot be asked anything: " + event.text +
                                                  "; its console works, and poweroff ends it"}});
            return Effect::none;
        case exited:
        case exec_failed:
            adopting_ = unfinished_ = false;
            if (was_unfinished) {
                return react(Input::absent, nothing_runs);
            }
            return std::nullopt;
        case up:
        case paused:
        case ended:
            break;
        default:
            return std::nullopt;
    }
    APIARY_KILL_POINT("adopt.answered");
    adopting_ = false;
    if (status_.sub_state == SubState::loading) {
        react(Input::loaded);
    }
    if (event.kind == up && status_.state == State::paused) {
        event.kind = resumed;
    } else if (event.kind == paused && status_.sub_state == SubState::launching) {
        react(Input::up);
    } else if (event.kind == paused && status_.sub_state == SubState::acpi) {
        guest_->resume(++request_);  // a paused guest hears no button
        guest_->press_power_button(++request_);
    } else if (event.kind != up && status_.sub_state == SubState::killing) {
        guest_->quit();
    }
    return std::nullopt;
}

// Until it is known how the guest is, there is nobody who could take a request. Ending it by force needs nobody.
auto Machine::hold(Message& message) -> bool {
    bool const waits =
        adopting_ && reachable_ && message.kind == Message::Kind::command && message.input != Input::poweroff;
    if (waits) {
        held_.push_back(std::move(message));
    }
    return waits;
}

void Machine::release() {
    if (!adopting_ || !reachable_) {
        inbox_.insert(inbox_.begin(), std::make_move_iterator(held_.begin()), std::make_move_iterator(held_.end()));
        held_.clear();
    }
}

auto Machine::renews(Attempt const& attempt) const -> bool {
    auto const step = stale_ ? nullptr : find_step(attempt.name);
    return stale_ || (step && step->renews_at_reboot());
}

// Before a hypervisor is launched again: with what the steps of an earlier daemon contributed, or because steps want to
// know of a reboot. False: it is not launched.
auto Machine::renew_steps() -> Task<bool> {
    guest_ = std::make_unique<NoGuest>();
    for (std::size_t index = 0; index < attempts_.size(); ++index) {
        if (!renews(attempts_[index])) {
            continue;
        }
        bool const renewed = co_await renew_step(attempts_[index]);
        if (!renewed) {
            co_return false;
        }
    }
    guest_ = nullptr;
    stale_ = false;
    co_return true;
}

auto Machine::renew_step(Attempt& attempt) -> Task<bool> {
    auto const step = find_step(attempt.name);
    auto const what = "step " + attempt.name;
    if (!step) {
        // What it contributed holds, as far as it is no descriptor.
        bool const holds = std::none_of(attempt.contributions.begin(), attempt.contributions.end(),
                                        [](Contribution const& one) { return one.kind == "fd"; });
        if (!holds) {
            perform(react(Input::exec_failed,
                          {is_plugin_step(attempt.name) ? Reason::plugin_unavailable : Reason::step_failed,
                           what +
                               " is not there to open anew what it had contributed before the daemon was "
                               "restarted: " +
                               lacking_step_text(world_, attempt.name)}));
        }
        co_return holds;
    }
    call_renew(*step, attempt);
    arm(step->timeout(), Input::step_timeout);
    for (;;) {
        auto message = co_await next();
        bool const answer = message.kind == Message::Kind::step_answer && message.generation == call_;
        bool const late = message.kind == Message::Kind::timer && message.input == Input::step_timeout &&
                          message.generation == timer_generation_ && timer_ != nullptr;
        if (answer && message.result.kind == StepResult::Kind::ok) {
            APIARY_KILL_POINT("renew.answered");
            disarm();
            attempt.contributions = std::move(message.result.contributions);
            co_return true;
        }
        if (answer) {
            perform(react(Input::exec_failed,
                          {message.result.reason == Reason::none ? Reason::step_failed : message.result.reason,
                           what + ": " + message.result.text}));
            co_return false;
        }
        if (late) {
            step->cancel(attempt.id);
            perform(react(Input::exec_failed, {Reason::step_timeout, what + " did not answer in time"}));
            co_return false;
        }
        perform(react(message));
        if (status_.state == State::stopping) {
            step->cancel(attempt.id);
            perform(react(Input::absent, {}));
            co_return false;
        }
    }
}

}  // namespace apiary
