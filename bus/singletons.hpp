// The objects of which there is one: Manager, Journal and Agents, all at /org/apiary/Apiary1, on generated adaptors.
#pragma once

#include <memory>

#include "bus/agents.hpp"
#include "bus/connection.hpp"
#include "bus/doorkeeper.hpp"
#include "bus/journal_streams.hpp"
#include "bus/lookup.hpp"
#include "bus/publisher.hpp"
#include "bus/service.hpp"
#include "bus/subscribers.hpp"

namespace apiary::bus {

struct Surroundings {
    Loop& loop;
    Engine& engine;
    BusOptions const& options;
    Connection& connection;
    Doorkeeper const& door;
    Lookup const& lookup;
    Authority const& authority;
    Subscribers& subscribers;
    Publisher const& publisher;
    JournalStreams& streams;
};

// Lives as long as the object is on the bus; must end before the connection.
class Singleton {
public:
    virtual ~Singleton() = default;
};

[[nodiscard]] auto make_manager(Surroundings const& around) -> std::unique_ptr<Singleton>;
[[nodiscard]] auto make_journal(Surroundings const& around) -> std::unique_ptr<Singleton>;
[[nodiscard]] auto make_agents(Surroundings const& around, BusAgents& agents) -> std::unique_ptr<Singleton>;

}  // namespace apiary::bus
