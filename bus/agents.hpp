// Agents on the bus: each is a connection and an object of its, on which the daemon calls org.apiary.Apiary1.Agent.
#pragma once

#include <map>
#include <string>

#include "bus/callers.hpp"
#include "bus/connection.hpp"
#include "bus/incoming.hpp"
#include "vm/agents.hpp"

namespace apiary::bus {

// Those of one stay on the bus; with it they are gone.
class BusAgents {
public:
    // `agents` null: this daemon takes none.
    BusAgents(Loop& loop, Connection& connection, Agents* agents)
        : loop_{loop}, connection_{connection}, agents_{agents} {}
    BusAgents(BusAgents const&) = delete;
    auto operator=(BusAgents const&) -> BusAgents& = delete;

    // All throw Fault.
    void add(std::string const& sender, Caller const& caller, std::string const& path, Options options);
    void remove(std::string const& name);
    [[nodiscard]] auto list() const -> std::vector<AgentStatus>;
    [[nodiscard]] auto size() const -> std::size_t { return registered_.size(); }

private:
    struct Registered {
        SlotPtr gone, present;
        Handle handle;
    };
    struct Asked {  // the question that a callback belongs to
        BusAgents* self;
        std::string name;
    };
    static auto on_gone(sd_bus_message* message, void* asked, sd_bus_error* error) -> int;
    static auto on_present(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int;
    [[nodiscard]] auto book() const -> Agents&;
    void watch(Registered& one, std::string const& name, std::string const& sender);

    Loop& loop_;
    Connection& connection_;
    Agents* agents_;
    std::map<std::string, Registered> registered_;
};

// What the options of Register() say. Throws Fault.
[[nodiscard]] auto agent_terms(Options options) -> AgentTerms;

}  // namespace apiary::bus
