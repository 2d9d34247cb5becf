// The engine itself: the registry of VMs and the door to each.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "vm/console_calls.hpp"
#include "vm/identities.hpp"
#include "vm/machine.hpp"
#include "vm/memory.hpp"

namespace apiary {

struct EngineParts {
    Loop& loop;
    Journal& journal;
    Supervisor& supervisor;
    Identities& identities;
    std::vector<Hypervisor*> hypervisors;
    std::vector<Step*> steps;  // those that are there for good; see set_steps()
    std::string run_root;
    Timings timings = {};
    std::size_t max_starting = 10'000;                    // VMs at once
    Memory* memory = nullptr;                             // null: nothing outlives the daemon
    std::function<void(std::string const&)> report = {};  // for the log: how the stop of all VMs goes
    // Of a plugin whose step is not there: why, as the end of a sentence about it; empty: it is not there itself.
    std::function<std::string(std::string_view plugin)> why_absent = {};
};

class EngineCore : public Engine {
public:
    explicit EngineCore(EngineParts parts);
    ~EngineCore() override;
    EngineCore(EngineCore const&) = delete;
    auto operator=(EngineCore const&) -> EngineCore& = delete;

    [[nodiscard]] auto find(std::string_view name) const -> VmPtr override;
    [[nodiscard]] auto list(std::string_view after, std::size_t max) const -> std::vector<VmPtr> override;
    [[nodiscard]] auto count() const -> std::size_t override { return machines_.size(); }
    [[nodiscard]] auto job(std::uint64_t id) const -> Job const* override { return jobs_.find(id); }
    [[nodiscard]] auto jobs() const -> std::vector<Job const*> override { return jobs_.all(); }
    [[nodiscard]] auto journal() const -> Journal const& override { return journal_; }

    void command(Command what, std::string_view vm, CommandOptions options, uid_t requester,
                 CommandReply reply) override;
    void cancel(std::uint64_t job, uid_t requester, Reply reply) override;
    void open_console(std::string_view vm, ConsoleMode mode, bool force, uid_t requester, ConsoleReply reply) override;

    auto apply(std::vector<DefinitionPtr> definitions) -> Changes override;
    [[nodiscard]] auto preview(std::vector<DefinitionPtr> const& definitions) const -> Changes override;
    void found_running(RunRecord const& record) override;
    // Goes on from what an earlier daemon left: once, before anything else is asked of the engine. Gives the run
    // folders that it knows of.
    auto recover(Memory::Recovered recovered) -> std::vector<std::string>;

    auto stop_all(std::vector<std::string> const& names, bool force, uid_t requester)
        -> Outcome<std::vector<Stopping>> override;
    void shut_down(std::function<void()> done) override;
    // All steps from now on. An undo that waits for one that was not there is tried at once.
    void set_steps(Steps steps);
    // Names of steps that were begun and are not undone, whether or not their time has come.
    [[nodiscard]] auto awaited_steps() const -> std::set<std::string>;
    // An event of type notice, of a VM or, where `vm` is empty, of none. Nothing where there is no such VM.
    void note(std::string_view vm, std::map<std::string, std::string> details);
    void limit_starts(std::size_t most) { world_.order.limit(most); }  // before the first apply()
    void add_observer(Observer& observer) override { turns_.add_observer(observer); }
    void close_turn() override { turns_.close(); }
    // The same, but where the journal is not ready it is waited for (some seconds at most); `then` runs when what
    // happened is committed and told. To be called on a turn of its own.
    void close_turn(std::function<void()> then) { turns_.close(std::move(then)); }

private:
    struct Round;
    class RoundWatch;
    using Machines = std::map<std::string, std::shared_ptr<Machine>, std::less<>>;
    auto machine(std::string_view name) const -> std::shared_ptr<Machine>;
    auto add(std::string name, unsigned id, DefinitionPtr definition) -> Machine&;
    void remember(Turn const& turn);

    // engine_stop.cpp
    auto make_round_watch() -> std::shared_ptr<Observer>;
    auto teller(std::weak_ptr<Round> const& round, Input input, uid_t requester) -> std::function<void(Vm const&)>;
    auto add_round(std::vector<VmPtr> const& vms, bool force, uid_t requester, bool ending) -> Round&;
    void end_rounds();
    void report(Round& round);

    Loop& loop_;
    Journal& journal_;
    Identities& identities_;
    Memory* memory_;
    Turns turns_;
    JobBook jobs_;
    World world_;
    ConsoleCalls consoles_;
    Machines machines_;  // by name_key
    std::function<void(std::string const&)> report_;
    std::shared_ptr<Observer> round_watch_;  // once there was a round
    std::vector<std::shared_ptr<Round>> rounds_;
    std::function<void()> on_rest_;
};

}  // namespace apiary
