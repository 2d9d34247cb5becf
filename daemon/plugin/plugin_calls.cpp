// The calls of a plugin: who waits, what is given to its process, and what comes of it.
#include <algorithm>
#include <utility>

#include "plugin/members.hpp"
#include "plugin/plugin.hpp"

namespace apiary::plugin {
namespace {

void note_missed(Json& frame, std::size_t missed) {
    if (missed != 0) {
        frame["event"]["fields"]["missed"] = std::to_string(missed);
    }
}

}  // namespace

auto Plugin::call(Call call, Answered answered) -> std::uint64_t {
    auto const id = ++last_id_;
    if (auto const why = fault(); !why.empty()) {
        world_.loop.post([answered = std::move(answered), text = "it " + why] {
            answered({.kind = Answer::Kind::refused, .text = text, .contributions = {}});
        });
        return id;
    }
    if (call.is_event && !make_room_for_event(call.vm)) {
        ++missed_;
        lost_event_of(call.vm);
        world_.loop.post([answered = std::move(answered)] {
            answered({.kind = Answer::Kind::refused, .text = "too many events wait for it", .contributions = {}});
        });
        return id;
    }
    Waiting one{id, std::move(call), std::move(answered)};
    if (one.call.is_event) {
        ++events_waiting_;
        one.missed = std::exchange(missed_, 0);
        note_missed(one.call.frame, one.missed);
    }
    auto const [lane, first] = lanes_.try_emplace(one.call.vm);
    (first ? waiting_ : lane->second).push_back(std::move(one));
    pump();
    return id;
}

// A plugin that is slow to hear costs itself the oldest of what it has not heard, and nobody else anything. The next
// event that it is given tells it how many are missing. False: there is no room.
auto Plugin::make_room_for_event(std::string const& vm) -> bool {
    auto const found = lanes_.find(vm);
    bool const too_many = found != lanes_.end() && found->second.size() >= most_events_of_a_vm;
    if (!too_many && events_waiting_ < most_events) {
        return true;
    }
    if (!std::exchange(is_slow_, true)) {
        say(1, "it is slower than what happens: the oldest of the events that wait for it are lost to it");
    }
    if (found == lanes_.end()) {
        return false;
    }
    auto& lane = found->second;
    auto const is_event = [](Waiting const& one) { return one.call.is_event; };
    auto const oldest = std::ranges::find_if(lane, is_event);
    if (oldest == lane.end()) {
        return false;
    }
    auto const lost = oldest->missed + 1;
    lost_event_of(vm);
    world_.loop.post([answered = std::move(oldest->answered)] {
        answered({.kind = Answer::Kind::refused, .text = "too many events wait for it", .contributions = {}});
    });
    --events_waiting_;
    if (auto const next = std::find_if(lane.erase(oldest), lane.end(), is_event); next != lane.end()) {
        next->missed += lost;
        note_missed(next->call.frame, next->missed);
    } else {
        missed_ += lost;
    }
    return true;
}

// The call about this VM that was sent, or was to be, is no more: the one after it is to be sent.
void Plugin::advance(std::string const& vm) {
    auto const lane = lanes_.find(vm);
    if (lane == lanes_.end()) {
        return;
    }
    if (lane->second.empty()) {
        lanes_.erase(lane);
        return;
    }
    waiting_.push_back(std::move(lane->second.front()));
    lane->second.pop_front();
}

void Plugin::refuse(Waiting& one, std::string const& text, bool passing) {
    events_waiting_ -= one.call.is_event ? 1U : 0U;
    world_.loop.post([answered = std::move(one.answered), text, passing] {
        answered({.kind = Answer::Kind::refused, .passing = passing, .text = text, .contributions = {}});
    });
}

auto Plugin::log_of_vm(std::string const& vm) -> std::shared_ptr<UniqueFd> {
    auto const found = logs.find(vm);
    if (found == logs.end()) {
        return nullptr;
    }
    auto log = found->second.lock();
    if (!log) {
        logs.erase(found);
    }
    return log;
}

auto Plugin::settings_of(DefinitionPtr const& definition) -> std::shared_ptr<std::string const> {
    static auto const none = std::make_shared<std::string const>("[]");
    return definition && declaration_ ? settings_.of(definition, world_.settings, *declaration_) : none;
}

void Plugin::cancel(std::uint64_t id) {
    if (under_way_.contains(id)) {
        if (host_) {
            host_->cancel(id);
        }
        return;
    }
    auto const take = [&](std::deque<Waiting>& from) {
        auto const found = std::ranges::find_if(from, [id](Waiting const& one) { return one.id == id; });
        if (found == from.end()) {
            return false;
        }
        auto one = std::move(*found);
        from.erase(found);
        refuse(one, "it was canceled before it began", true);
        if (&from == &waiting_) {
            advance(one.call.vm);
        }
        return true;
    };
    bool const found = take(waiting_) || std::ranges::any_of(lanes_, [&](auto& lane) { return take(lane.second); });
    if (found) {
        pump();
    }
}

void Plugin::refuse_waiting() {
    auto const why = fault();
    auto const text = why.empty() ? error_ : "it " + why;
    for (auto& one : std::exchange(waiting_, {})) {
        refuse(one, text, why.empty());
        for (auto& next : std::exchange(lanes_[one.call.vm], {})) {
            refuse(next, text, why.empty());
        }
        lanes_.erase(one.call.vm);
    }
    for (auto& [vm, lane] : lanes_) {  // these have a call under way
        for (auto& next : std::exchange(lane, {})) {
            refuse(next, text, why.empty());
        }
    }
    to_replay_.clear();
}

void Plugin::pump() {
    if ((waiting_.empty() && to_replay_.empty()) || retiring_ || !condemned_.empty()) {
        return;
    }
    if (!host_) {
        begin();
        return;
    }
    while (host_->ready() && under_way_.size() < most_under_way && host_->has_room()) {
        replay_next();
        if (waiting_.empty()) {
            break;
        }
        auto one = std::move(waiting_.front());
        waiting_.pop_front();
        events_waiting_ -= one.call.is_event ? 1U : 0U;
        under_way_.emplace(one.id, UnderWay{.answered = std::move(one.answered),
                                            .since = world_.loop.now(),
                                            .vm = one.call.vm,
                                            .log = one.call.log,
                                            .log_path = one.call.log_path});
        host_->call(one.id, one.call);
    }
    is_slow_ = is_slow_ && events_waiting_ != 0;
}

void Plugin::on_answer(std::uint64_t id, Answer answer) {
    auto const found = under_way_.find(id);
    if (found == under_way_.end()) {
        return;
    }
    auto const one = std::move(found->second);
    under_way_.erase(found);
    advance(one.vm);
    bool const hung = answer.kind == Answer::Kind::hung;
    ++calls_;
    failures_ += answer.kind == Answer::Kind::failed || hung ? 1U : 0U;
    if (!hung) {
        auto const took = std::chrono::duration_cast<std::chrono::microseconds>(world_.loop.now() - one.since);
        ++answered_;
        latency_sum_ += took;
        latency_most_ = std::max(latency_most_, took);
    }
    if (answer.kind == Answer::Kind::failed && !answer.text.empty()) {
        error_ = (one.vm.empty() ? "" : "VM " + one.vm + ": ") + answer.text;
        world_.changed(name_);
    }
    auto const why = one.vm.empty() ? std::string{"a call hung"} : "a call for VM " + one.vm + " hung";
    if (hung) {
        condemn(why);  // what is called now waits already
    } else if (answer.broken) {
        strike((one.vm.empty() ? "a call" : "a call for VM " + one.vm) + " died: " + answer.text);
    }
    one.answered(std::move(answer));
    if (under_way_.empty()) {
        rest();
    }
    pump();
}

}  // namespace apiary::plugin
