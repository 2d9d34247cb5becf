#include "support/recording_observer.hpp"

#include <algorithm>

namespace apiary::test {

auto place(State state, SubState sub_state) -> std::string {
    auto text = std::string{to_string(state)};
    if (sub_state != SubState::none) {
        text += "/" + std::string{to_string(sub_state)};
    }
    return text;
}

void RecordingObserver::on_turn(Turn const& turn) {
    for (auto const& event : turn.events) {
        check_event(event);
        events.push_back(event);
        log.push_back("event " + std::to_string(event.seq));
    }
    for (auto const& change : turn.vms) {
        check_vm(change);
    }
    check_jobs(turn);
    if (!keep_turns) {
        return;
    }
    auto& copy = turns.emplace_back();
    copy.vms = turn.vms;
    copy.events = turn.events;
    copy.jobs_removed = turn.jobs_removed;
    for (auto const& change : turn.vms) {
        copy.after.push_back(change.vm->status());
    }
    for (auto const* job : turn.jobs_added) {
        copy.jobs_added.push_back(*job);
    }
    for (auto const* job : turn.jobs_changed) {
        copy.jobs_changed.push_back(*job);
    }
    for (auto const* job : turn.jobs_ended) {
        copy.jobs_ended.push_back(*job);
    }
}

void RecordingObserver::catch_up(std::set<std::uint64_t> jobs_under_way) {
    for (auto const* const event : journal_.read(seq_, 1'000'000, [](Event const&) { return true; }).events) {
        check_event(*event);
        events.push_back(*event);
    }
    statuses_.clear();
    taken_over_ = true;
    running_jobs = std::move(jobs_under_way);
}

void RecordingObserver::begin_anew() {
    seq_ = 0;
    events.clear();
    known_.clear();
    ended_jobs.clear();
    events_of_new_jobs_.clear();
    events_of_ended_jobs_.clear();
}

void RecordingObserver::check_event(Event const& event) {
    auto const at = "event " + std::to_string(event.seq) + " of " + event.vm + ": ";
    if (event.seq != ++seq_) {
        fault(at + "seq " + std::to_string(seq_) + " was expected");
        seq_ = event.seq;
    }
    if (event.seq > journal_.last()) {
        fault(at + "is not in the journal");
    }
    if (event.vm.empty()) {
        if (event.vm_seq != 0) {
            fault(at + "has a vm_seq");
        }
        return;
    }
    if (event.type == EventType::vm_added) {
        known_[event.vm] = {};
    }
    auto& known = known_[event.vm];
    if (event.vm_seq != ++known.vm_seq) {
        fault(at + "vm_seq " + std::to_string(known.vm_seq) + " was expected, " + std::to_string(event.vm_seq) + " is");
        known.vm_seq = event.vm_seq;
    }
    if (event.old_state != known.state || event.old_sub_state != known.sub_state) {
        fault(at + "comes from " + place(event.old_state, event.old_sub_state) + ", but it was " +
              place(known.state, known.sub_state));
    }
    bool const moved = event.state != event.old_state || event.sub_state != event.old_sub_state;
    if (moved != (event.type == EventType::state)) {
        fault(at + "a change of state and a state event are one");
    }
    known.state = event.state;
    known.sub_state = event.sub_state;
    if (event.type == EventType::job_new) {
        if (event.job != event.seq) {
            fault(at + "does not carry its own number as the job's");
        }
        events_of_new_jobs_.insert(event.job);
    }
    if (event.type == EventType::job_end && !events_of_ended_jobs_.insert(event.job).second) {
        fault(at + "job " + std::to_string(event.job) + " ended twice");
    }
}

void RecordingObserver::check_vm(Turn::VmChange const& change) {
    auto const* const vm = change.vm.get();
    auto const& now = vm->status();
    bool const is_news = !statuses_.contains(vm) && !(taken_over_ && !change.added && known_.contains(vm->name()));
    if (change.added != is_news) {
        fault(vm->name() + ": is new, and was not said to be added, or the other way round");
    } else if (!change.added && statuses_.contains(vm) && !(change.before == statuses_[vm])) {
        fault(vm->name() + ": `before` is not what was told last");
    }
    auto const& known = known_[vm->name()];
    if (now.last_event != known.vm_seq || now.state != known.state || now.sub_state != known.sub_state) {
        fault(vm->name() + ": the events do not lead to its status");
    }
    if (change.removed) {
        statuses_.erase(vm);
    } else {
        statuses_[vm] = now;
    }
}

void RecordingObserver::check_jobs(Turn const& turn) {
    for (auto const* job : turn.jobs_added) {
        if (!running_jobs.insert(job->id).second || ended_jobs.contains(job->id)) {
            fault("job " + std::to_string(job->id) + " was added twice");
        }
        if (!events_of_new_jobs_.contains(job->id)) {
            fault("job " + std::to_string(job->id) + " has no event");
        }
    }
    for (auto const* job : turn.jobs_changed) {
        if (job->result == JobResult::running && !running_jobs.contains(job->id)) {
            fault("job " + std::to_string(job->id) + " changed, but is not there");
        }
    }
    for (auto const* job : turn.jobs_ended) {
        bool const clean = running_jobs.erase(job->id) == 1 && job->result != JobResult::running &&
                           job->stage.empty() && !job->cancelable && job->ended >= job->started &&
                           (job->result == JobResult::done) == job->error.empty();
        if (!clean || !ended_jobs.emplace(job->id, *job).second) {
            fault("job " + std::to_string(job->id) + " ended twice, or not cleanly");
        }
        if (!events_of_ended_jobs_.contains(job->id)) {
            fault("job " + std::to_string(job->id) + " ended without an event");
        }
    }
    for (auto const& job : turn.jobs_removed) {
        if (!ended_jobs.contains(job.id)) {
            fault("job " + std::to_string(job.id) + " was removed, but has not ended");
        }
    }
}

auto RecordingObserver::story(std::string_view vm) const -> std::vector<std::string> {
    std::vector<std::string> told;
    for (auto const& event : events) {
        if (event.vm != vm) {
            continue;
        }
        if (event.type == EventType::state) {
            told.push_back(place(event.state, event.sub_state));
        } else if (event.type == EventType::step) {
            auto const result = event.details.find("result");
            told.push_back(event.details.at("step") + " " + event.details.at("phase") +
                           (result == event.details.end() ? "" : " " + result->second));
        } else if (event.type == EventType::job_end) {
            told.push_back(event.details.at("command") + " " + event.details.at("result"));
        } else {
            told.emplace_back(to_string(event.type));
        }
    }
    return told;
}

auto RecordingObserver::of_type(EventType type, std::string_view vm) const -> std::vector<Event> {
    std::vector<Event> found;
    std::copy_if(events.begin(), events.end(), std::back_inserter(found),
                 [type, vm](Event const& event) { return event.type == type && (vm.empty() || event.vm == vm); });
    return found;
}

}  // namespace apiary::test
