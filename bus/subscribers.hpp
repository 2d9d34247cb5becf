// The subscriptions on the bus: they end with their connection, are asked for signs of life, and get their signals.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bus/broadcasts.hpp"
#include "bus/connection.hpp"
#include "bus/journal_streams.hpp"
#include "bus/lookup.hpp"
#include "bus/subscriptions.hpp"
#include "bus/value.hpp"

namespace apiary::bus {

// A signal that is still to be written, once for each who gets it.
struct Signal {
    std::string path;
    char const* interface;
    char const* member;
    std::function<void(Writer&)> fill;
};

class Subscribers {
public:
    using Log = std::function<void(std::string)>;
    // `catch_up`: broadcasts are possible again after some were left out; what listeners take for true is to be set
    // right now. They are told afterwards that signals were lost.
    Subscribers(Loop& loop, Connection& connection, JournalStreams const& streams, Log log,
                std::function<void()> catch_up);

    // Throws Fault (LimitsExceeded).
    void subscribe(std::string const& sender, CallerPtr caller, SignalFilter filter);
    void unsubscribe(std::string const& sender);
    [[nodiscard]] auto size() const -> std::size_t { return subscriptions_.size(); }
    void log(std::string text) const { log_(std::move(text)); }

    // False: it was left out, for the bus has no room. Listeners are told when it has.
    auto broadcast(Signal const& signal) -> bool;
    [[nodiscard]] auto broadcasts_open() -> bool { return broadcasts_.open(); }
    // To each subscriber for whom `wanted` holds, and to nobody else.
    void unicast(Signal const& signal, std::function<bool(Subscription const&)> const& wanted);

private:
    struct Watch {  // what runs for one subscriber
        SlotPtr gone, present, ping;
    };
    struct Asked {  // the question that a callback belongs to
        Subscribers* self;
        std::string sender;
    };

    static auto on_gone(sd_bus_message* message, void* asked, sd_bus_error* error) -> int;
    static auto on_present(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int;
    static auto on_pong(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int;
    void watch(std::string const& sender);
    void ask(std::string const& sender, Subscription& subscription);
    void answered(std::string const& sender, sd_bus_message* reply);
    auto send(Signal const& signal, char const* destination) -> std::size_t;
    void send_quietly(Signal const& signal, std::string const& destination);
    void end(std::string const& sender, char const* reason);
    void open_again(std::uint64_t left_out);

    Connection& connection_;
    JournalStreams const& streams_;
    Log log_;
    Subscriptions subscriptions_;
    std::map<std::string, Watch> watches_;
    std::function<void()> catch_up_;
    Broadcasts broadcasts_;
};

}  // namespace apiary::bus
