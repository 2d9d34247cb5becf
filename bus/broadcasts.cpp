// Whether signals may be broadcast right now.
#include "bus/broadcasts.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "bus/driver_reply.hpp"
#include "bus/errors.hpp"

namespace apiary::bus {

namespace {

constexpr Duration first_retry = std::chrono::seconds{1};
constexpr Duration longest_retry = std::chrono::seconds{30};

}  // namespace

Broadcasts::Broadcasts(Loop& loop, Connection& connection, Callbacks callbacks)
    : loop_{loop}, connection_{connection}, callbacks_{std::move(callbacks)} {}

auto Broadcasts::open() -> bool {
    if (!connection_.takes_signals()) {
        follow(flow_.close());
    }
    return flow_.open();
}

auto Broadcasts::admit() -> bool {
    if (open()) {
        return true;
    }
    flow_.left_out();
    return false;
}

void Broadcasts::sent(std::size_t bytes) {
    follow(flow_.sent(bytes));
    if (flow_.should_ask()) {
        ask();
    }
}

void Broadcasts::ask() {
    if (sd_bus_is_ready(connection_.raw()) <= 0) {  // not yet, or not any more
        return;
    }
    char const* name = nullptr;
    check(sd_bus_get_unique_name(connection_.raw(), &name), "get our own name");
    sd_bus_slot* slot = nullptr;
    check(sd_bus_call_method_async(connection_.raw(), &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                   "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", on_kept, this, "s", name),
          "ask the bus what it keeps");
    question_.reset(slot);
    flow_.asked();
    connection_.touch();
}

auto Broadcasts::on_kept(sd_bus_message* reply, void* self, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        static_cast<Broadcasts*>(self)->answered(reply);
        return 1;
    });
}

void Broadcasts::answered(sd_bus_message* reply) {
    if (auto const* failure = sd_bus_message_get_error(reply)) {
        auto const name = text_or_empty(failure->name);
        if (name == "org.freedesktop.DBus.Error.NoReply" || name == "org.freedesktop.DBus.Error.Timeout") {
            flow_.unanswered();
        } else {  // built without statistics, or they are not for us
            flow_.never_answers();
        }
        return;
    }
    auto const kept = number_in(reply, "IncomingBytes");
    if (!kept) {
        flow_.never_answers();
        return;
    }
    follow(flow_.answered(*kept));
}

void Broadcasts::follow(BroadcastFlow::Change change) {
    if (change == BroadcastFlow::Change::closed) {
        closed();
    } else if (change == BroadcastFlow::Change::opened) {
        again_.reset();
        auto const left_out = flow_.take_left_out();
        callbacks_.log("The bus has room for broadcast signals again; " + std::to_string(left_out) + " were left out.");
        try {
            callbacks_.open_again(left_out);
        } catch (...) {  // listeners are not told, and will be
            (void)flow_.close();
            flow_.left_out(left_out);
            again_ = loop_.after(pause_, [this] { look_again(); });
            throw;
        }
    }
}

void Broadcasts::closed() {
    pause_ = first_retry;
    again_ = loop_.after(pause_, [this] { look_again(); });
    if (!flow_.answers()) {
        callbacks_.log(
            "The bus does not take our signals any more (a listener that was stopped?), and does not tell for whom it "
            "keeps "
            "them: broadcasts are left out until it does. The journal has everything.");
        return;
    }
    search_.emplace(connection_, [this](std::string const& who) {
        callbacks_.log(
            "A listener on the bus does not read the signals that are broadcast: " +
            (who.empty() ? "the bus does not tell who" : who) +
            ". Broadcasts are left out until it reads them or goes; replies, streams and subscribers are not "
            "affected, and the journal has everything.");
    });
}

void Broadcasts::look_again() {
    pause_ = std::min(pause_ * 2, longest_retry);
    again_ = loop_.after(pause_, [this] { look_again(); });
    if (!connection_.takes_signals()) {
        return;
    }
    // A bus that went away this moment makes these throw; whoever reads from the connection learns of it.
    try {
        if (!flow_.answers()) {
            follow(flow_.reopen());
        } else if (!flow_.asking()) {
            ask();
        }
    } catch (std::exception const& error) {
        callbacks_.log(std::string{"The bus cannot be asked for room for broadcast signals: "} + error.what() +
                       ". It is tried again.");
    }
}

}  // namespace apiary::bus
