// One VM's life: its inbox, its place in the state table, and the coroutine that exists while it is not at rest.
//
// All changes of state go through react(), which asks the table. The coroutine (machine_life.cpp) only does what the
// rows' effects say: it runs steps, launches and ends the guest, and undoes steps.
#pragma once

#include <coroutine>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "vm/departed.hpp"
#include "vm/job_book.hpp"
#include "vm/memory.hpp"
#include "vm/message.hpp"
#include "vm/restart_policy.hpp"
#include "vm/start_order.hpp"
#include "vm/task.hpp"

namespace apiary {

// How long the engine waits. All of them can be cut short by stop or poweroff.
struct Timings {
    Duration control = std::chrono::seconds{10};       // for a hypervisor to do as asked (reset, pause, resume)
    Duration quit = std::chrono::seconds{5};           // for its orderly end, then it is killed
    Duration kill = std::chrono::seconds{10};          // for the end of a killed process, then it is killed again
    Duration reboot_settle = std::chrono::seconds{2};  // a reset inside the process counts as over
    Duration undo = std::chrono::seconds{60};          // for one step's undo
    Duration undo_backoff_first = std::chrono::seconds{1};
    Duration undo_backoff_last = std::chrono::minutes{5};
    Duration restart_pause = std::chrono::seconds{3};  // at least, between the stop and the start of a restart
    Duration change_pause = std::chrono::seconds{1};   // at least, before a VM at rest starts for reboot_on_change
    // A VM that is starting for longer counts no more among the max_starting: as long as a loader has by default.
    Duration longest_start = std::chrono::seconds{15};
    Duration restart_backoff_first = std::chrono::seconds{1};  // before an automatic restart; doubles in a row
    Duration restart_backoff_last = std::chrono::minutes{5};
};

// What all VMs share.
struct World {
    Loop& loop;
    Turns& turns;
    JobBook& jobs;
    Supervisor& supervisor;
    std::vector<Hypervisor*> hypervisors;  // one for each backend that is there
    std::shared_ptr<Steps const> steps;    // in their order
    std::string run_root;
    Timings timings;
    StartOrder order;
    Departed departed;
    std::function<std::string(std::string_view plugin)> why_absent;  // see EngineParts
    bool ending = false;                                             // the daemon ends: nothing starts any more
};

class Machine : public Vm, public std::enable_shared_from_this<Machine> {
public:
    Machine(World& world, std::string name, unsigned id, DefinitionPtr definition);
    ~Machine() override;
    Machine(Machine const&) = delete;
    auto operator=(Machine const&) -> Machine& = delete;

    [[nodiscard]] auto name() const -> std::string const& override { return name_; }
    [[nodiscard]] auto id() const -> unsigned override { return id_; }
    [[nodiscard]] auto status() const -> VmStatus const& override { return status_; }
    [[nodiscard]] auto definition() const -> DefinitionPtr override { return definition_; }
    [[nodiscard]] auto audience() const -> Audience const& override { return audience_; }

    [[nodiscard]] auto next_definition() const -> DefinitionPtr override { return pending_ ? pending_ : definition_; }
    [[nodiscard]] auto at_rest() const -> bool;  // no process, no step, no job under way
    [[nodiscard]] auto is_vanishing() const -> bool { return vanishing_; }
    [[nodiscard]] auto is_erased() const -> bool { return erased_; }
    [[nodiscard]] auto hypervisor() const -> Hypervisor*;  // null: the backend is not there

    void announce();                                         // the first event of a VM
    void deliver(Message message);                           // handled on a later turn
    void adopt_found(RunRecord const& record, bool is_new);  // announces it, too
    // What the next daemon needs of it; nothing of a guest that was found without a record: it is found again.
    [[nodiscard]] auto record() const -> VmRecord;
    [[nodiscard]] auto is_remembered() const -> bool { return !found_ || at_rest(); }
    // Goes on from what an earlier daemon left. `boots`: its boot policy is to be followed.
    void recover(VmRecord record, Job* job, bool same_boot, bool boots);
    void boots_first() { boot_due_ = true; }  // it is new: as it is announced
    [[nodiscard]] auto boot_is_due() const -> bool { return boot_due_; }
    // What this definition would change; nothing where it is the same.
    [[nodiscard]] auto plan(Definition const& definition) const -> std::optional<VmChangePlan>;
    [[nodiscard]] auto plan_of_vanishing() const -> VmChangePlan;
    // True: it is the same, and that is all there is to it.
    auto renew(DefinitionPtr const& definition) -> bool;
    void drop_planned_start();  // the daemon ends
    void note_steps();          // there are others now
    void name_awaited_steps(std::set<std::string>& names) const;
    // Its place among the starts of all, from its adding to the engine on; to be told where it is.
    void take_seat();
    void note_order();
    [[nodiscard]] auto seat() const -> StartOrder::Seat& { return *seat_; }
    // At rest again after its definition vanished: the engine forgets it.
    std::function<void()> on_erased;
    // Null where no guest is there to be talked to.
    [[nodiscard]] auto guest() const -> Guest* { return guest_.get(); }
    // An event that changes no state. Gives its seq.
    auto tell(EventType type, std::map<std::string, std::string> details) -> std::uint64_t;

private:
    // A step that was begun and not yet undone.
    struct Attempt {
        std::string name;  // of the step
        std::uint64_t id;
        std::vector<Contribution> contributions;
        bool lacks_step = false;     // so its undo could not be tried
        std::uint64_t prestart = 0;  // number of the call, for its late answer; 0: an earlier daemon's
    };
    // Waits for the next message. The pump resumes it, so it never runs inside somebody's callback.
    struct NextMessage {
        Machine& machine;
        [[nodiscard]] auto await_ready() const -> bool { return !machine.inbox_.empty(); }
        void await_suspend(std::coroutine_handle<> handle) const { machine.waiting_ = handle; }
        [[nodiscard]] auto await_resume() const -> Message;
    };
    // Waits for the end of the turn: an intent is written before it is acted upon. Messages wait meanwhile.
    struct Committed {
        Machine& machine;
        [[nodiscard]] auto await_ready() const -> bool { return false; }
        void await_suspend(std::coroutine_handle<> handle) const;
        void await_resume() const {}
    };

    // machine.cpp: the inbox, and what its messages mean
    void pump();
    void rest_message(Message message);
    void end_of_life();
    void erase();
    auto react(Message& message) -> Effect;
    auto on_command(Message& command) -> Effect;
    [[nodiscard]] auto why_not_to_start(Message const& command) const -> std::optional<Refusal>;
    [[nodiscard]] auto why_not_stored() const -> std::string;
    auto on_guest(GuestEvent event) -> Effect;
    auto on_timer(Message const& message) -> Effect;
    // Its stop is not only somebody's wish.
    [[nodiscard]] auto must_end() const -> bool { return world_.ending || vanishing_; }
    void reply_later(Message& command, Outcome<std::uint64_t> outcome);
    void changed();  // the status is about to change
    auto event(EventType type) const -> Event;

    // machine_react.cpp: the one place where its state changes
    auto react(Input input, Cause const& cause = {}, Message* command = nullptr) -> Effect;
    auto effect_of(Row const& row, Message const* command) const -> Effect;
    void note_hand(Row const& row);
    void begin();
    void note_cause(Row const& row, Cause const& cause);
    void move(Row const& row, Cause const& cause);
    void move_to(State state, SubState sub_state, Cause const& cause);
    void after_move(Effect effect);
    void tell_reboot(Cause const& cause);
    void give_up_undo();
    void refuse(Message& command, Row const* row);
    void take_definition(DefinitionPtr definition);

    // machine_order.cpp: waiting for its turn to start
    [[nodiscard]] auto waits_for_its_turn() const -> bool;
    [[nodiscard]] auto is_coming() const -> bool;
    auto on_start(Message& command) -> Effect;
    auto on_turn_to_start(Message const& message) -> Effect;
    [[nodiscard]] auto whom_it_is_behind() const -> std::string;

    // machine_reload.cpp: definitions that are read, and the starts that follow from them
    struct Judgement {
        std::optional<Input> content;  // reload or adjust; none: the same as before
        std::optional<Input> policy;   // autostart, autostop or restart
        Duration delay{};              // of the start, at rest
    };
    [[nodiscard]] auto judge(Definition const& definition) const -> Judgement;
    void judge_policy(Judgement& judgement, Definition const* known, Definition const& definition) const;
    auto on_definition(DefinitionPtr definition) -> Effect;
    auto on_boot() -> Effect;
    void plan_start(Duration delay, bool again = false);

    // machine_restart.cpp: the failure policy
    void conclude();
    [[nodiscard]] auto restart_fault(Cause const& last) const -> std::optional<Cause>;
    [[nodiscard]] auto asked_to_reboot(Cause const& cause) const -> bool;
    void count_reboot(Input& input, Cause& cause);
    void forget_restarts(Input input, Message const& command);
    void planned_start_refused(Refusal const& refusal);

    // machine_jobs.cpp: the one job of this VM that is under way
    [[nodiscard]] auto take_command(Message& command, Effect effect) -> Job*;  // a job that ends with this move
    auto add_job(Command command, Message const& request) -> Job&;
    void begin_job(Command command, Message& request);
    void end_job(Job& job, JobResult result, Cause const& cause);
    void finish_job(JobResult result, Cause const& cause = {});
    void note_request_answer(GuestEvent const& event);
    void jobs_seen(Input input);  // what a job asks for may have come true
    void show_progress();
    void settle_job();  // at rest: whatever was asked for is decided

    // machine_recover.cpp: after a restart of the daemon
    auto live_adopted() -> Task<>;
    auto live_again() -> Task<>;
    void take_over();
    auto on_adoption(GuestEvent& event) -> std::optional<Effect>;
    auto hold(Message& message) -> bool;
    void release();
    auto renew_steps() -> Task<bool>;
    auto renew_step(Attempt& attempt) -> Task<bool>;
    [[nodiscard]] auto renews(Attempt const& attempt) const -> bool;

    // machine_life.cpp: the coroutine; machine_steps.cpp: its first and last part
    auto live() -> Task<>;
    auto live_found() -> Task<>;
    auto prepare() -> Task<bool>;
    auto attempt_step(std::shared_ptr<Step> step) -> Task<bool>;
    auto attend() -> Task<>;
    void keep_late(Message& message);
    auto undo_all() -> Task<>;
    auto undo_once() -> Task<bool>;
    auto undo_attempt(std::size_t index, Cause& fault) -> Task<bool>;
    auto wait_to_undo_again(Duration backoff) -> Task<bool>;
    [[nodiscard]] auto find_step(std::string_view name) const -> std::shared_ptr<Step>;
    void perform(Effect effect);
    void note_launch();
    void launch();
    void watch_process(Reattachment what);
    void part_with_guest();
    void note_pid();
    auto ask() -> unsigned;
    void arm(Duration delay, Input input);
    void disarm();
    auto call_for(Attempt const& attempt) const -> StepCall;
    auto answer_to_call() -> Step::Done;
    void call_prestart(Step& step, Attempt const& attempt);
    void call_poststop(Step* step, Attempt const& attempt);  // null: there is none
    void call_renew(Step& step, Attempt const& attempt);
    void tell_step(Attempt const& attempt, std::string_view phase, std::string_view result,
                   std::string const& text = {});
    auto contributions() const -> std::vector<Contribution>;
    auto next() -> NextMessage;
    auto committed() -> Committed;
    void set_step(std::string_view step);

    World& world_;
    std::string name_;
    unsigned id_;
    DefinitionPtr definition_, pending_;
    Audience audience_;
    VmStatus status_;
    bool vanishing_ = false, erased_ = false;
    bool once_ = false;             // how it was started: a reboot of its guest is its end
    bool stopped_by_hand_ = false;  // a person's stop is its last word: until the next start
    Handle start_timer_;            // of a start that follows from its definition
    WallTime start_due_;            // … while it is planned
    Duration start_delay_{};        // of the next one
    bool boot_due_ = false;         // its boot policy is yet to be followed
    bool start_sent_ = false;       // its delay is over, the command is in the inbox
    bool start_put_off_ = false;    // it could not be stored then: it is tried again, and that was told
    RestartHistory restarts_;

    StartOrder::Seat* seat_ = nullptr;  // the order's own

    std::deque<Message> inbox_;
    bool pump_scheduled_ = false;
    std::coroutine_handle<> waiting_;     // for a message
    std::coroutine_handle<> committing_;  // for the end of the turn
    Task<> life_;

    Cause why_;
    std::vector<Attempt> attempts_;
    bool waits_to_undo_ = false;  // for the next try, after one that failed
    std::unique_ptr<Guest> guest_;
    std::uint64_t launch_generation_ = 0;
    std::string run_dir_;
    bool launched_ = false;     // a hypervisor may run there
    std::uint64_t launch_ = 0;  // number of the last launch there
    bool found_ = false;        // it was not launched by any daemon that is known
    bool adopting_ = false;     // adopt() has not told yet how the guest is
    bool unfinished_ = false;   // … and it was not up: its end is awaited
    bool reachable_ = true;     // false: adopt() has told that it cannot be talked to
    std::deque<Message> held_;  // commands that wait for what adopt() tells
    bool stale_ = false;        // the contributions are without what does not outlive a daemon
    std::uint64_t call_ = 0;    // number of the last call of a step: only its answer counts
    Handle timer_;
    Input timer_input_ = Input::start;
    std::uint64_t timer_generation_ = 0;
    Handle job_timer_;
    std::uint64_t job_timer_generation_ = 0;
    Job* job_ = nullptr;
    bool job_canceled_ = false;
    unsigned request_ = 0;  // number of the last request to the hypervisor
};

// A Message::generation for timers of jobs, which live beside the timer of the phase.
inline constexpr std::uint64_t job_timer_flag = std::uint64_t{1} << 63U;

[[nodiscard]] auto is_failure(Reason reason) -> bool;   // a VM that ended for it is `failed`, not `stopped`
[[nodiscard]] auto command_of(Input input) -> Command;  // of an input that is a command
// What to do where it is not there.
[[nodiscard]] auto lacking_step_text(World const& world, std::string_view step) -> std::string;

}  // namespace apiary
