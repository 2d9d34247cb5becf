// Stops of many VMs: of all of them as the daemon ends, and of those that somebody asks for.
#include <algorithm>
#include <utility>

#include "vm/engine_core.hpp"
#include "vm/kill_point.hpp"
#include "vm/stop_round.hpp"

namespace apiary {
namespace {

constexpr std::size_t most_rounds = 64;
constexpr std::size_t most_reports = 50;  // of the progress of one round, but for its last VMs
constexpr std::size_t last_vms = 5;       // of which each change is reported

auto is_in_use(Machine const& machine) -> bool {
    return !machine.at_rest() && machine.status().sub_state != SubState::not_adopted;
}

}  // namespace

struct EngineCore::Round {
    StopRound stops;
    bool ending = false;  // that of the daemon
    std::string reported{};
    std::size_t reported_left = 0;
};

// Tells the rounds what becomes of the VMs.
class EngineCore::RoundWatch : public Observer {
public:
    explicit RoundWatch(EngineCore& engine) : engine_{engine} {}
    void on_turn(Turn const& turn) override {
        if (engine_.rounds_.empty()) {
            return;
        }
        for (auto const& round : engine_.rounds_) {
            for (auto const& change : turn.vms) {
                round->stops.note(*change.vm);
            }
        }
        engine_.end_rounds();
    }

private:
    EngineCore& engine_;
};

auto EngineCore::make_round_watch() -> std::shared_ptr<Observer> {
    return std::make_shared<RoundWatch>(*this);
}

auto EngineCore::teller(std::weak_ptr<Round> const& round, Input input, uid_t requester)
    -> std::function<void(Vm const&)> {
    return [this, round, input, requester](Vm const& vm) {
        auto const target = machine(vm.name());
        if (!target) {
            return;
        }
        Cause cause{Reason::requested, {}};
        if (world_.ending) {
            cause = {Reason::host_shutdown, "the daemon is ending"};
        }
        target->deliver({.kind = Message::Kind::command,
                         .input = input,
                         .cause = std::move(cause),
                         .requester = requester,
                         .reply = [this, round, weak = std::weak_ptr{target}](Outcome<std::uint64_t> const& outcome) {
                             auto const here = round.lock();
                             auto const vm_here = weak.lock();
                             if (here && vm_here && std::holds_alternative<Refusal>(outcome)) {
                                 here->stops.refused(*vm_here);
                                 end_rounds();
                             }
                         }});
    };
}

auto EngineCore::add_round(std::vector<VmPtr> const& vms, bool force, uid_t requester, bool ending) -> Round& {
    if (!round_watch_) {
        round_watch_ = make_round_watch();
        turns_.add_observer(*round_watch_);
    }
    auto const after = [this](Vm const& vm) {
        return world_.order.whom_it_is_after(static_cast<Machine const&>(vm).seat());
    };
    // The round is known by who tells its VMs, and they by the round.
    auto const shared = std::make_shared<std::weak_ptr<Round>>();
    auto const input = force ? Input::poweroff : Input::stop;
    auto tell = [this, shared, input, requester](Vm const& vm) { teller(*shared, input, requester)(vm); };
    auto const kept = ending ? StopRound::Kept::nobody : StopRound::Kept::whom_others_use;
    auto made = std::make_shared<Round>(Round{.stops = StopRound{vms, after, tell, kept}, .ending = ending});
    *shared = made;
    rounds_.push_back(made);
    if (force) {
        made->stops.hurry(std::move(tell));
    } else {
        made->stops.begin();
    }
    return *made;
}

auto EngineCore::stop_all(std::vector<std::string> const& names, bool force, uid_t requester)
    -> Outcome<std::vector<Stopping>> {
    if (world_.ending) {
        return Refusal{Refusal::Kind::shutting_down, "the daemon is ending, and stops all VMs"};
    }
    if (rounds_.size() >= most_rounds) {
        return Refusal{Refusal::Kind::too_many, "too many stops of all VMs are under way: wait for the end of one"};
    }
    std::vector<VmPtr> vms;
    for (auto const& name : names) {
        auto const found = machine(name);
        if (found && is_in_use(*found)) {
            vms.push_back(found);
        } else if (found && found->at_rest() && found->status().target != Target::stopped) {
            teller({}, Input::stop, requester)(*found);  // it is about to be started
        }
    }
    if (vms.empty()) {
        return std::vector<Stopping>{};
    }
    return add_round(vms, force, requester, false).stops.plan();
}

void EngineCore::shut_down(std::function<void()> done) {
    bool const again = std::exchange(world_.ending, true);
    on_rest_ = [before = std::move(on_rest_), done = std::move(done)] {
        for (auto const& told : {before, done}) {
            if (told) {
                told();
            }
        }
    };
    if (!again) {
        std::vector<VmPtr> vms;
        for (auto const& [key, machine] : machines_) {
            machine->drop_planned_start();
            if (is_in_use(*machine)) {
                vms.push_back(machine);
            }
        }
        rounds_.clear();
        add_round(vms, false, 0, true);
    } else {
        for (auto const& round : rounds_) {
            round->stops.hurry(teller(round, Input::poweroff, 0));
        }
    }
    turns_.after_commit([this] { end_rounds(); });
}

void EngineCore::end_rounds() {
    for (auto const& round : rounds_) {
        if (round->ending) {
            report(*round);
        }
    }
    std::erase_if(rounds_, [](auto const& round) { return round->stops.over(); });
    bool const resting = world_.ending && rounds_.empty();
    if (resting && on_rest_) {
        if (memory_ != nullptr) {
            APIARY_KILL_POINT("end.note");
            memory_->note_end();
            static_cast<void>(journal_.commit());
            APIARY_KILL_POINT("end.noted");
        }
        loop_.post(std::exchange(on_rest_, nullptr));
    }
}

// As it changes, and of many VMs not each time.
void EngineCore::report(Round& round) {
    auto const left = round.stops.left();
    auto signature = round.stops.signature();
    auto const step = round.stops.size() / most_reports;
    bool const is_first = round.reported.empty();
    bool const is_due = left <= last_vms || is_first || round.reported_left - left > step;
    bool const names_some = signature.find('/') != std::string::npos;
    if (!report_ || left == 0 || !is_due || !names_some || signature == round.reported) {
        return;
    }
    round.reported = std::move(signature);
    round.reported_left = left;
    report_("stopping: " + round.stops.text(loop_.wall()));
}

}  // namespace apiary
