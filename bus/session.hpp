// One stay on the bus: from a connection to its end. All that is on the bus hangs on it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bus/agents.hpp"
#include "bus/connection.hpp"
#include "bus/doorkeeper.hpp"
#include "bus/job_objects.hpp"
#include "bus/journal_streams.hpp"
#include "bus/lookup.hpp"
#include "bus/plugin_objects.hpp"
#include "bus/plugin_publisher.hpp"
#include "bus/publisher.hpp"
#include "bus/service.hpp"
#include "bus/singletons.hpp"
#include "bus/subscribers.hpp"
#include "bus/vm_objects.hpp"

namespace apiary::bus {

class Session {
public:
    struct Callbacks {
        std::function<void()> named;            // the bus name is ours: callers can find us
        std::function<void(std::string)> lost;  // on a later turn: the session is to be ended
        std::function<void(std::string)> log;
    };
    // Throws where the connection cannot be used.
    Session(Loop& loop, Engine& engine, BusOptions const& options, JournalStreams& streams, ConnectionPtr connection,
            Callbacks callbacks);
    Session(Session const&) = delete;
    auto operator=(Session const&) -> Session& = delete;
    ~Session();

    void publish(Turn const& turn);
    [[nodiscard]] auto connection() -> Connection& { return connection_; }

private:
    static auto on_name(sd_bus_message* reply, void* self, sd_bus_error* error) -> int;
    void named(sd_bus_message* reply);
    void request_name();

    BusOptions const& options_;
    Callbacks callbacks_;
    Authority authority_;
    Lookup lookup_;
    Connection connection_;
    Doorkeeper door_;
    Subscribers subscribers_;
    Publisher publisher_;
    SlotPtr object_manager_, name_;
    VmObjects vms_;
    JobObjects jobs_;
    BusAgents agents_;
    std::optional<PluginPublisher> plugin_publisher_;
    std::optional<PluginObjects> plugins_;
    std::unique_ptr<Singleton> manager_, journal_, agents_object_;
};

}  // namespace apiary::bus
