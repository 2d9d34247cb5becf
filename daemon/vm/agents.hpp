// Agents: hooks that are programs of their own, in any language, and reached over something that the daemon knows
// nothing of (the bus). Who reaches them gives a port for each; who makes steps of them implements Agents.
//
// All of it is for the loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vm/engine.hpp"
#include "vm/loop.hpp"

namespace apiary {

// Names of their steps: this, and the agent's own name. An agent that undoes nothing has no step of its own; its calls
// are made in the name of this one, which is always there.
inline constexpr std::string_view agent_step_prefix = "agent:";
inline constexpr std::string_view agents_step = "agents";
[[nodiscard]] inline auto is_agent_step(std::string_view step) -> bool {
    return step.starts_with(agent_step_prefix);
}

// What an agent says as it comes.
struct AgentTerms {
    std::string name;  // as a plugin's: 1 to 32 lower case letters, digits and '-', the first a letter
    std::string who;   // for people
    std::optional<std::set<std::string>> vms;  // keys of their names (name_key); nothing: all VMs
    std::uint32_t order = 50;                  // smaller ones are asked first, and undo last; equal ones by name
    bool prestart = true, poststop = true;     // which of the calls it takes
    std::vector<std::string> events;           // types that it wants to hear
    std::chrono::milliseconds prestart_timeout{60'000}, poststop_timeout{60'000}, event_timeout{10'000};
    unsigned parallel = 1;  // calls that it takes at once
    bool needed = false;    // without it its VMs do not start, from now on until somebody says otherwise
};

// What it is asked.
struct AgentCall {
    enum class What { prestart, poststop };
    What what = What::prestart;
    std::string vm;
    unsigned id = 0;
    std::uint64_t incarnation = 0, attempt = 0;
    std::string run_folder;
    std::chrono::milliseconds timeout{0};
};

struct AgentAnswer {
    enum class Kind {
        ok,
        veto,
        failed,
        late,  // it did not answer in time
        gone,  // it went away meanwhile
    };
    Kind kind = Kind::ok;
    std::string text;  // its own words, or ours
};

// The way to one agent, for as long as it is there.
class AgentPort {
public:
    // Called once, on the loop, never from within; not at all where the port is destroyed before.
    using Answered = std::function<void(AgentAnswer)>;
    virtual ~AgentPort() = default;
    virtual void call(AgentCall const& call, Answered answered) = 0;
    // `missed`: how many before it were left out.
    virtual void tell(Event const& event, std::size_t missed, std::chrono::milliseconds timeout, Answered answered) = 0;
    // Nobody waits for that prestart any more.
    virtual void cancel(std::uint64_t attempt) = 0;
};

struct AgentStatus {
    AgentTerms terms;
    bool present = true;  // false: one that is needed, and gone
    std::uint64_t calls = 0, failures = 0;
    std::size_t under_way = 0, waiting = 0;
    std::string error;  // the last, for people; empty: none
};

class Agents {
public:
    virtual ~Agents() = default;

    // A system bus lets one caller have 128 calls open at once, and the daemon may ask 100 subscribers for signs of
    // life. An agent has up to `most_parallel` and one event.
    static constexpr std::size_t most = 8;
    static constexpr unsigned most_parallel = 2;

    // Letting go of the handle: it is gone, without having said so.
    virtual auto add(AgentTerms terms, std::unique_ptr<AgentPort> port) -> Outcome<Handle> = 0;
    // It leaves, or is told to; also one that is gone, and needed. False: there is none of this name.
    virtual auto remove(std::string_view name) -> bool = 0;
    [[nodiscard]] virtual auto list() const -> std::vector<AgentStatus> = 0;  // by name
};

}  // namespace apiary
