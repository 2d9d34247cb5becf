// What happens in one turn of the loop is gathered here, committed at its end, and then told.
//
// The order is a promise to clients: commit; replies to those who asked; then the observers, who are given for each VM
// its changed properties, the events in their order, and the ends of jobs.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "vm/engine.hpp"

namespace apiary {

class Turns {
public:
    // A journal that could not be written is tried again after so long, twice as long each time.
    static constexpr Duration first_retry = std::chrono::seconds{1}, last_retry = std::chrono::minutes{1};

    Turns(Loop& loop, Journal& journal) : loop_{loop}, journal_{journal} {}

    // Is shown each turn right before its commit, to put into it what else is to be written down.
    void before_commit(std::function<void(Turn const&)> callback) { before_commit_ = std::move(callback); }

    void add_observer(Observer& observer) { observers_.push_back(&observer); }

    // To be called before a VM's status or audience changes.
    void touch(VmPtr const& vm);
    void added(VmPtr const& vm);
    void removed(VmPtr const& vm);

    // Gives the event its number and its place in the turn.
    auto emit(Event event) -> std::uint64_t;

    void job_added(Job const& job);
    void job_changed(Job const& job);
    void job_ended(Job const& job);
    void job_removed(Job job);

    // Runs after the commit, before the observers are told.
    void after_commit(std::function<void()> callback);

    void close();
    // As soon as the journal is ready; `then` runs once all were told. To be called on a turn of its own.
    void close(std::function<void()> then);

    // False: the last turn could not be written down; nothing new may start.
    [[nodiscard]] auto durable() const -> bool { return durable_; }
    [[nodiscard]] auto journal() const -> Journal const& { return journal_; }

    // Turns are numbered: the one that is being gathered, and the last one that all were told of. A turn points to the
    // jobs that it tells of, so they stay until then.
    [[nodiscard]] auto gathering() const -> std::uint64_t { return gathering_; }
    [[nodiscard]] auto told() const -> std::uint64_t { return told_; }

private:
    auto entry(VmPtr const& vm) -> Turn::VmChange&;
    void schedule();
    void commit();
    void try_again();

    Loop& loop_;
    Journal& journal_;
    std::vector<Observer*> observers_;
    std::function<void(Turn const&)> before_commit_;
    Turn turn_;
    std::unordered_map<Vm const*, std::size_t> index_;  // of turn_.vms
    std::unordered_set<Job const*> changed_jobs_;       // = turn_.jobs_changed
    std::vector<std::function<void()>> callbacks_;
    std::uint64_t gathering_ = 1, told_ = 0;
    bool scheduled_ = false;
    bool closing_ = false;
    bool durable_ = true;
    Handle retry_;
    Duration retry_delay_ = first_retry;
    bool held_ = false;  // until the journal is ready
};

}  // namespace apiary
