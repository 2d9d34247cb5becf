// Tells the bus what happened in a turn.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "bus/connection.hpp"
#include "bus/lookup.hpp"
#include "bus/subscribers.hpp"
#include "vm/engine.hpp"

namespace apiary::bus {

// Signals are written by hand and not through the library's emitters: those ask whether the object may be seen by who
// called last, and cannot address one connection.
class Publisher {
public:
    Publisher(Connection& connection, Engine const& engine, Lookup const& lookup, Authority const& authority,
              Subscribers& subscribers);

    // Order: what is new, properties, events as they happened, ends of jobs, what is gone.
    void publish(Turn const& turn);
    // Broadcasts are possible again: tells the properties whose changes were left out, each once, as they are now.
    void catch_up();
    [[nodiscard]] auto degraded() const -> bool { return degraded_; }

private:
    void vm_added(Vm const& vm);
    void vm_changed(Turn::VmChange const& change);
    void audience_changed(Turn::VmChange const& change);
    void event(Event const& event);
    void job_added(Job const& job);
    void job_changed(Job const& job);
    void job_ended(Job const& job);
    void removed(std::string const& path, char const* interface, Audience const& audience, std::string_view vm);
    void watch_durability(Turn const& turn);
    void tell_degraded();

    // To all who may see: a broadcast, or one by one. `type`: of an Event signal.
    // False: it was left out as a broadcast, and told to subscribers alone.
    auto tell(Signal const& signal, Audience const& audience, std::string_view vm,
              std::optional<EventType> type = std::nullopt) -> bool;
    void attempt(std::function<void()> const& send);

    Connection& connection_;
    Engine const& engine_;
    Lookup const& lookup_;
    Authority const& authority_;
    Subscribers& subscribers_;
    std::map<std::string, DefinitionPtr, std::less<>> definitions_;  // as published, by the VM's name
    std::map<std::uint64_t, Job> jobs_;                              // as published
    // What listeners to broadcasts have not heard of: properties, by the VM's name. Signals add up, properties do not.
    std::map<std::string, std::set<std::string>> untold_;
    bool untold_degraded_ = false;
    bool degraded_;  // changes with the events: it may have begun before there was a bus
};

}  // namespace apiary::bus
