// The engine: all VMs, their lives, their jobs. The one door through which the bus, signals and the start of the daemon
// reach them.
//
// Turns: what one message or timer causes is gathered and, at the end of the turn (close_turn()), committed to the
// journal, then told to the observers. Replies to commands wait for that too, so nobody learns of what is not written.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vm/change_plan.hpp"
#include "vm/definition.hpp"
#include "vm/event.hpp"
#include "vm/hypervisor.hpp"
#include "vm/job.hpp"
#include "vm/loop.hpp"
#include "vm/step.hpp"
#include "vm/supervisor.hpp"

namespace apiary {

// What is published of a VM.
struct VmStatus {
    State state = State::stopped;
    SubState sub_state = SubState::none;
    Target target = Target::stopped;
    Reason reason = Reason::none;
    std::string reason_text;  // the cause in words, for people; may be empty
    std::string step;         // name of the step that is run or undone, or empty
    std::uint64_t incarnation = 0;
    std::uint64_t job = 0;         // the running job, or 0
    std::uint64_t last_event = 0;  // vm_seq of its newest event
    WallTime since;                // of the last change of state
    pid_t hypervisor_pid = 0;      // 0: none
    bool config_pending = false;   // a new definition waits for the next cold start
    friend auto operator==(VmStatus const&, VmStatus const&) -> bool = default;
};

class Vm {
public:
    virtual ~Vm() = default;
    [[nodiscard]] virtual auto name() const -> std::string const& = 0;
    [[nodiscard]] virtual auto id() const -> unsigned = 0;
    [[nodiscard]] virtual auto status() const -> VmStatus const& = 0;
    // What it runs with, or would be started with. Null: found running, its definition not (yet) known.
    [[nodiscard]] virtual auto definition() const -> DefinitionPtr = 0;
    // What its next cold start takes: another one while config_pending.
    [[nodiscard]] virtual auto next_definition() const -> DefinitionPtr { return definition(); }
    // Who may know of it: those of the definition it was started with while it is up.
    [[nodiscard]] virtual auto audience() const -> Audience const& = 0;
};
using VmPtr = std::shared_ptr<Vm const>;

// Why a command was not accepted. The bus gives each its error name.
struct Refusal {
    enum class Kind {
        no_such_vm,
        no_such_job,
        invalid_state,   // the state table has no such row
        not_supported,   // the backend cannot
        undo_pending,    // an undo must end first
        shutting_down,   // the daemon is ending
        degraded,        // nothing can be written down: nothing new starts
        config_invalid,  // reload: nothing was changed
        console_busy,
        no_console,
        not_cancelable,
        too_many,  // of that at once
        failed,
    };
    Kind kind = Kind::failed;
    std::string text;
};
template <typename T>
using Outcome = std::variant<T, Refusal>;

struct CommandOptions {
    bool force = false;  // fail_reset: give up a pending undo
};

// What happened in one turn. Views are valid during the call.
struct Turn {
    struct VmChange {
        VmPtr vm;
        VmStatus before;
        bool added = false, removed = false;
        bool audience_changed = false;
        Audience audience_before;
    };
    std::vector<VmChange> vms;
    std::vector<Event> events;
    std::vector<Job const*> jobs_added, jobs_changed, jobs_ended;
    std::vector<Job> jobs_removed;  // their time on the bus is over
};

class Observer {
public:
    virtual ~Observer() = default;
    virtual void on_turn(Turn const&) = 0;
};

class Engine {
public:
    virtual ~Engine() = default;

    // -- reading; never waits ------------------------------------------------------------------------------------
    [[nodiscard]] virtual auto find(std::string_view name) const -> VmPtr = 0;  // without case
    // In the order of their names (name_key). Stable for paging: `after` is the last name of the page before.
    [[nodiscard]] virtual auto list(std::string_view after, std::size_t max) const -> std::vector<VmPtr> = 0;
    [[nodiscard]] virtual auto count() const -> std::size_t = 0;
    [[nodiscard]] virtual auto job(std::uint64_t id) const -> Job const* = 0;  // running, or ended less than 60 s ago
    [[nodiscard]] virtual auto jobs() const -> std::vector<Job const*> = 0;    // by id
    [[nodiscard]] virtual auto journal() const -> Journal const& = 0;

    // -- commands; `reply` is called once, at the end of a turn ----------------------------------------------------
    using CommandReply = std::function<void(Outcome<std::uint64_t>)>;  // the job's id
    virtual void command(Command what, std::string_view vm, CommandOptions options, uid_t requester,
                         CommandReply reply) = 0;
    using Reply = std::function<void(Outcome<std::monostate>)>;
    virtual void cancel(std::uint64_t job, uid_t requester, Reply reply) = 0;
    using ConsoleReply = std::function<void(Outcome<std::shared_ptr<UniqueFd>>)>;
    virtual void open_console(std::string_view vm, ConsoleMode mode, bool force, uid_t requester,
                              ConsoleReply reply) = 0;

    // -- definitions -----------------------------------------------------------------------------------------------
    using Changes = std::vector<VmChangePlan>;  // of what is not the same as before: removed first, then as read
    // Takes the complete set (names are unique), at the daemon's start and at each reload: what is new is started if
    // its boot policy says so.
    virtual auto apply(std::vector<DefinitionPtr> definitions) -> Changes = 0;
    [[nodiscard]] virtual auto preview(std::vector<DefinitionPtr> const& definitions) const -> Changes = 0;
    // A guest that runs already (before the first apply()).
    virtual void found_running(RunRecord const& record) = 0;

    // -- the end ---------------------------------------------------------------------------------------------------
    struct Stopping {
        std::string name;
        std::vector<std::string> behind;  // those of them that must be at rest before it is told to stop
    };
    // Stops those of these VMs that are not at rest, and takes back starts that are to come: each VM when those of them
    // that are after it are at rest; with `force` all are powered off at once. Gives those that are not at rest, in the
    // order in which they are told. A VM whose stop is canceled stays up, and with it those that it is after.
    virtual auto stop_all(std::vector<std::string> const& vms, bool force, uid_t requester)
        -> Outcome<std::vector<Stopping>> = 0;
    // Stops every VM in that order (each by its stop_timeout, then kill); nothing new starts. `done` when all are at
    // rest. A second call powers off all at once.
    virtual void shut_down(std::function<void()> done) = 0;

    virtual void add_observer(Observer& observer) = 0;  // observers are told in the order of their adding
    virtual void close_turn() = 0;                      // does nothing where nothing happened
};

}  // namespace apiary
