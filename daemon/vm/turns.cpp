#include "vm/turns.hpp"
#include "vm/kill_point.hpp"

#include <algorithm>
#include <utility>

namespace apiary {

void Turns::schedule() {
    if (!std::exchange(scheduled_, true)) {
        loop_.post([this] { close(); });
    }
}

auto Turns::entry(VmPtr const& vm) -> Turn::VmChange& {
    schedule();
    auto const [it, is_new] = index_.try_emplace(vm.get(), turn_.vms.size());
    if (!is_new) {
        return turn_.vms[it->second];
    }
    return turn_.vms.emplace_back(Turn::VmChange{.vm = vm, .before = vm->status(), .audience_before = vm->audience()});
}

void Turns::touch(VmPtr const& vm) {
    entry(vm);
}

void Turns::added(VmPtr const& vm) {
    entry(vm).added = true;
}

void Turns::removed(VmPtr const& vm) {
    entry(vm).removed = true;
}

auto Turns::emit(Event event) -> std::uint64_t {
    schedule();
    event.wall = loop_.wall();
    event.mono = loop_.now();
    journal_.append(event);
    return turn_.events.emplace_back(std::move(event)).seq;
}

void Turns::job_added(Job const& job) {
    schedule();
    turn_.jobs_added.push_back(&job);
}

void Turns::job_changed(Job const& job) {
    schedule();
    if (changed_jobs_.insert(&job).second) {
        turn_.jobs_changed.push_back(&job);
    }
}

void Turns::job_ended(Job const& job) {
    schedule();
    turn_.jobs_ended.push_back(&job);
}

void Turns::job_removed(Job job) {
    schedule();
    turn_.jobs_removed.push_back(std::move(job));
}

void Turns::after_commit(std::function<void()> callback) {
    schedule();
    callbacks_.push_back(std::move(callback));
}

void Turns::commit() {
    durable_ = journal_.commit();
    if (durable_) {
        retry_ = nullptr;
        retry_delay_ = first_retry;
    } else if (!retry_) {
        retry_ = loop_.after(retry_delay_, [this] { try_again(); });
        retry_delay_ = std::min(retry_delay_ * 2, last_retry);
    }
}

// While nothing happens nothing would be committed, and nobody would learn that the disk has room again.
void Turns::try_again() {
    retry_ = nullptr;
    commit();
    if (durable_) {
        Event event;
        event.type = EventType::notice;
        event.details.emplace("text", "the journal can be written again");
        emit(std::move(event));
    }
}

void Turns::close() {
    // A reply or an observer may cause what belongs to the next turn: it is gathered anew, and closed by its own post.
    if (closing_ || !scheduled_) {
        return;
    }
    if (!journal_.ready()) {
        if (!std::exchange(held_, true)) {
            journal_.when_ready([this] {
                held_ = false;
                close();
            });
        }
        return;
    }
    closing_ = true;
    struct Closed {
        Turns& turns;
        std::uint64_t number;
        ~Closed() {
            turns.told_ = number;
            turns.closing_ = false;
        }
    } const closed{*this, gathering_++};
    scheduled_ = false;
    auto turn = std::exchange(turn_, {});
    index_.clear();
    changed_jobs_.clear();
    auto const callbacks = std::exchange(callbacks_, {});
    APIARY_KILL_POINT("turn.closing");
    if (before_commit_) {
        before_commit_(turn);
    }
    commit();
    APIARY_KILL_POINT("turn.committed");
    if (!durable_) {
        for (auto& event : turn.events) {
            event.durable = false;
        }
    }
    for (auto& change : turn.vms) {
        change.audience_changed = change.audience_before != change.vm->audience();
    }
    for (auto const& callback : callbacks) {
        callback();
    }
    APIARY_KILL_POINT("turn.answered");
    for (std::size_t i = 0; i < observers_.size(); ++i) {  // one of them may add another
        observers_[i]->on_turn(turn);
    }
    APIARY_KILL_POINT("turn.told");
}

void Turns::close(std::function<void()> then) {
    if (!journal_.ready()) {
        journal_.when_ready([this, then = std::move(then)]() mutable { close(std::move(then)); });
        return;
    }
    close();
    then();
}

}  // namespace apiary
