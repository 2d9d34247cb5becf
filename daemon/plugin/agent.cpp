// An agent's calls and events.
#include "plugin/agent.hpp"

#include <algorithm>
#include <utility>

namespace apiary::plugin {

auto covers(AgentTerms const& terms, std::string_view vm) -> bool {
    return !terms.vms || terms.vms->contains(name_key(vm));
}

Agent::Agent(Loop& loop, AgentTerms terms, std::unique_ptr<AgentPort> port, Log log)
    : loop_{loop}, terms_{std::move(terms)}, log_{std::move(log)}, port_{std::move(port)} {}

Agent::~Agent() {
    port_.reset();
    for (auto& one : waiting_) {
        refuse(std::move(one.answered), "it is gone");
    }
    for (auto& [number, one] : under_way_) {
        loop_.post([answered = std::move(one.answered)] {
            answered({.kind = AgentAnswer::Kind::gone, .text = "it went away during this call"}, true);
        });
    }
}

auto Agent::status() const -> AgentStatus {
    return {.terms = terms_,
            .present = true,
            .calls = calls_,
            .failures = failures_,
            .under_way = under_way_.size(),
            .waiting = waiting_.size(),
            .error = error_};
}

void Agent::refuse(Answered answered, std::string text) {
    loop_.post([answered = std::move(answered), text = std::move(text)] {
        answered({.kind = AgentAnswer::Kind::gone, .text = text}, false);
    });
}

void Agent::call(AgentCall call, Answered answered) {
    // An undo that nobody waits for any more, and that is asked for again, is asked for once.
    auto const same = std::ranges::find_if(waiting_, [&call](Waiting const& one) {
        return one.call.attempt == call.attempt && one.call.what == call.what;
    });
    if (same != waiting_.end()) {
        refuse(std::exchange(same->answered, std::move(answered)), "it was asked for anew");
        return;
    }
    if (waiting_.size() >= most_waiting) {
        refuse(std::move(answered), "too many calls wait for it");
        return;
    }
    waiting_.push_back({std::move(call), std::move(answered)});
    pump();
}

void Agent::cancel(std::uint64_t attempt) {
    auto const is_it = [attempt](Waiting const& one) {
        return one.call.attempt == attempt && one.call.what == AgentCall::What::prestart;
    };
    if (auto const found = std::ranges::find_if(waiting_, is_it); found != waiting_.end()) {
        refuse(std::move(found->answered), "it was called off before it began");
        waiting_.erase(found);
    } else if (std::ranges::any_of(under_way_, [&](auto const& one) { return is_it(one.second); })) {
        port_->cancel(attempt);
    }
}

void Agent::pump() {
    auto const may_go = [this](Waiting const& one) {
        return std::ranges::none_of(under_way_, [&](auto const& other) { return other.second.call.vm == one.call.vm; });
    };
    while (under_way_.size() < terms_.parallel) {
        auto const next = std::ranges::find_if(waiting_, may_go);
        if (next == waiting_.end()) {
            return;
        }
        auto one = std::move(*next);
        waiting_.erase(next);
        give(std::move(one));
    }
}

void Agent::give(Waiting one) {
    auto const number = ++last_number_;
    auto const& kept = under_way_.emplace(number, std::move(one)).first->second;
    port_->call(kept.call, [this, number](AgentAnswer answer) { answered(number, std::move(answer)); });
}

void Agent::answered(std::uint64_t number, AgentAnswer answer) {
    auto const found = under_way_.find(number);
    if (found == under_way_.end()) {
        return;
    }
    auto const one = std::move(found->second);
    under_way_.erase(found);
    ++calls_;
    if (answer.kind != AgentAnswer::Kind::ok && answer.kind != AgentAnswer::Kind::veto) {
        ++failures_;
        note("VM " + one.call.vm + ": " + answer.text);
    }
    one.answered(std::move(answer), true);
    pump();
}

void Agent::note(std::string error) {
    error_ = std::move(error);
    log_(1, "agent " + terms_.name + ", " + error_);
}

void Agent::hear(Event const& event) {
    bool const wanted = std::ranges::find(terms_.events, to_string(event.type)) != terms_.events.end() &&
                        (event.vm.empty() ? !terms_.vms : covers(terms_, event.vm));
    if (!wanted) {
        return;
    }
    events_.push_back(event);
    if (events_.size() > most_events) {
        events_.pop_front();
        ++missed_;
        if (!std::exchange(is_slow_, true)) {
            note("it is slower than what happens: the oldest of the events that wait for it are lost to it");
        }
    }
    tell_next();
}

void Agent::tell_next() {
    if (telling_ || events_.empty()) {
        return;
    }
    telling_ = true;
    auto const event = std::move(events_.front());
    events_.pop_front();
    port_->tell(event, std::exchange(missed_, 0), terms_.event_timeout, [this](AgentAnswer const& answer) {
        telling_ = false;
        is_slow_ = is_slow_ && !events_.empty();
        if (answer.kind != AgentAnswer::Kind::ok) {
            ++failures_;
            auto const error = "an event: " + answer.text;
            if (error != error_) {  // once, whatever it is that goes wrong with each
                note(error);
            }
        }
        tell_next();
    });
}

}  // namespace apiary::plugin
