// An observer that keeps all it is told, and checks the promises that every turn makes.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "vm/engine.hpp"

namespace apiary::test {

class RecordingObserver : public Observer {
public:
    explicit RecordingObserver(Journal const& journal) : journal_{journal} {}

    struct TurnCopy {
        std::vector<Turn::VmChange> vms;
        std::vector<VmStatus> after;  // of vms, when the turn was told
        std::vector<Event> events;
        std::vector<Job> jobs_added, jobs_changed, jobs_ended, jobs_removed;
    };
    bool keep_turns = true;
    std::vector<TurnCopy> turns;
    std::vector<Event> events;
    std::map<std::uint64_t, Job> ended_jobs;
    std::set<std::uint64_t> running_jobs;
    std::vector<std::string> violations;
    std::vector<std::string> log;  // "event 3", "reply" … in the order of their telling; tests may add to it

    void on_turn(Turn const& turn) override;
    // Another engine goes on: what the last one had committed and not told is read from the journal, as a client would.
    void catch_up(std::set<std::uint64_t> jobs_under_way);
    // What was told and could not be kept is lost with its engine: the journal begins another stream.
    void begin_anew();

    // "state/sub-state" of each state event of one VM, and others by their type.
    [[nodiscard]] auto story(std::string_view vm) const -> std::vector<std::string>;
    [[nodiscard]] auto of_type(EventType type, std::string_view vm = {}) const -> std::vector<Event>;

private:
    void check_event(Event const& event);
    void check_vm(Turn::VmChange const& change);
    void check_jobs(Turn const& turn);
    void fault(std::string text) { violations.push_back(std::move(text)); }

    struct Known {
        std::uint64_t vm_seq = 0;
        State state = State::stopped;
        SubState sub_state = SubState::none;
    };
    Journal const& journal_;
    std::uint64_t seq_ = 0;
    std::map<std::string, Known> known_;
    std::map<Vm const*, VmStatus> statuses_;
    bool taken_over_ = false;  // VMs are there that were not added
    std::set<std::uint64_t> events_of_new_jobs_, events_of_ended_jobs_;
};

[[nodiscard]] auto place(State state, SubState sub_state) -> std::string;  // "running", "stopping/acpi"

}  // namespace apiary::test
