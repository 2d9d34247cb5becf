// One agent that is there: the calls that wait for it, those under way, and the events that it is to hear.
//
// It is given as many calls at once as it takes, those about one VM one after the other, and one event at a time. So
// one that never answers has a few of them open, and holds up nobody who does not wait for it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "vm/agents.hpp"
#include "vm/loop.hpp"

namespace apiary::plugin {

class Agent {
public:
    using Log = std::function<void(int level, std::string const& text)>;  // levels of plugin.h
    Agent(Loop& loop, AgentTerms terms, std::unique_ptr<AgentPort> port, Log log);
    ~Agent();  // what waits and what is under way is told that it is gone
    Agent(Agent const&) = delete;
    auto operator=(Agent const&) -> Agent& = delete;

    [[nodiscard]] auto terms() const -> AgentTerms const& { return terms_; }
    [[nodiscard]] auto status() const -> AgentStatus;

    // `begun`: it may have heard of the call. Called once, on the loop, never from within.
    using Answered = std::function<void(AgentAnswer, bool begun)>;
    void call(AgentCall call, Answered answered);
    void cancel(std::uint64_t attempt);
    void hear(Event const& event);

    static constexpr std::size_t most_waiting = 20'000, most_events = 1024;

private:
    struct Waiting {
        AgentCall call;
        Answered answered;
    };
    void pump();
    void give(Waiting one);
    void answered(std::uint64_t number, AgentAnswer answer);
    void tell_next();
    void refuse(Answered answered, std::string text);
    void note(std::string error);

    Loop& loop_;
    AgentTerms terms_;
    Log log_;
    std::deque<Waiting> waiting_;
    std::map<std::uint64_t, Waiting> under_way_;
    std::uint64_t last_number_ = 0, calls_ = 0, failures_ = 0;
    std::deque<Event> events_;
    std::size_t missed_ = 0;
    bool telling_ = false, is_slow_ = false;
    std::string error_;
    std::unique_ptr<AgentPort> port_;  // goes first: nothing is answered any more
};

// Whether the agent has a part in this VM.
[[nodiscard]] auto covers(AgentTerms const& terms, std::string_view vm) -> bool;

}  // namespace apiary::plugin
