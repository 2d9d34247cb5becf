// The subscriptions on the bus.
#include "bus/subscribers.hpp"

#include <chrono>

#include "bus/errors.hpp"
#include "bus/paths.hpp"

namespace apiary::bus {

namespace {

constexpr std::chrono::microseconds ping_deadline = std::chrono::seconds{30};

// Hands `slot` over; its userdata goes when it does.
template <typename Data>
auto owned(sd_bus_slot* slot, std::unique_ptr<Data> data) -> SlotPtr {
    sd_bus_slot_set_userdata(slot, data.release());
    sd_bus_slot_set_destroy_callback(slot, [](void* userdata) { delete static_cast<Data*>(userdata); });
    return SlotPtr{slot};
}

}  // namespace

Subscribers::Subscribers(Loop& loop, Connection& connection, JournalStreams const& streams, Log log,
                         std::function<void()> catch_up)
    : connection_{connection},
      streams_{streams},
      log_{std::move(log)},
      catch_up_{std::move(catch_up)},
      broadcasts_{loop, connection, {log_, [this](std::uint64_t left_out) { open_again(left_out); }}} {}

void Subscribers::subscribe(std::string const& sender, CallerPtr caller, SignalFilter filter) {
    if (subscriptions_.put(sender, std::move(caller), std::move(filter))) {
        watch(sender);
    }
}

void Subscribers::unsubscribe(std::string const& sender) {
    subscriptions_.remove(sender);
    watches_.erase(sender);
}

// A subscription ends with its connection. It may have ended already: that is asked once the rule is in place.
void Subscribers::watch(std::string const& sender) {
    auto& watch = watches_[sender];
    auto* const bus = connection_.raw();
    auto const rule =
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" +
        sender + "'";
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_match_async(bus, &slot, rule.c_str(), on_gone, nullptr, nullptr), "watch a subscriber");
    watch.gone = owned(slot, std::make_unique<Asked>(this, sender));
    check(sd_bus_call_method_async(bus, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                   "NameHasOwner", on_present, nullptr, "s", sender.c_str()),
          "look for a subscriber");
    watch.present = owned(slot, std::make_unique<Asked>(this, sender));
}

auto Subscribers::on_gone(sd_bus_message* /*message*/, void* asked, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        Asked const copy = *static_cast<Asked*>(asked);  // a unique name changes its owner once: to none
        copy.self->unsubscribe(copy.sender);
        return 0;
    });
}

auto Subscribers::on_present(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        Asked const copy = *static_cast<Asked*>(asked);
        int present = 0;
        if (sd_bus_message_get_error(reply) == nullptr && sd_bus_message_read(reply, "b", &present) >= 0 &&
            present == 0) {
            copy.self->unsubscribe(copy.sender);
        }
        return 1;
    });
}

auto Subscribers::send(Signal const& signal, char const* destination) -> std::size_t {
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_signal(connection_.raw(), &made, signal.path.c_str(), signal.interface, signal.member),
          "make a signal");
    MessagePtr const message{made};
    if (destination != nullptr) {
        check(sd_bus_message_set_destination(made, destination), "address a signal");
    }
    Writer writer{made};
    signal.fill(writer);
    check(sd_bus_send(connection_.raw(), made, nullptr), "send a signal");
    connection_.touch();
    return writer.bytes();
}

auto Subscribers::broadcast(Signal const& signal) -> bool {
    if (!broadcasts_.admit()) {
        return false;
    }
    broadcasts_.sent(send(signal, nullptr));
    return true;
}

void Subscribers::open_again(std::uint64_t left_out) {
    catch_up_();
    if (left_out > 0) {
        (void)broadcast({root_path, manager_interface, "SignalsLost", [&](Writer& out) {
                             out.number(left_out);
                             out.number(streams_.published());
                         }});
    }
}

void Subscribers::unicast(Signal const& signal, std::function<bool(Subscription const&)> const& wanted) {
    for (auto& [sender, subscription] : subscriptions_.all()) {
        if (!wanted(subscription)) {
            continue;
        }
        if (subscription.flow.stalled() || !connection_.takes_signals()) {
            subscription.flow.withhold();
        } else {
            subscription.flow.sent(send(signal, sender.c_str()));
        }
        if (subscription.flow.should_ask()) {
            ask(sender, subscription);
        }
    }
}

void Subscribers::ask(std::string const& sender, Subscription& subscription) {
    sd_bus_message* made = nullptr;
    check(sd_bus_message_new_method_call(connection_.raw(), &made, sender.c_str(), "/", "org.freedesktop.DBus.Peer",
                                         "Ping"),
          "make a ping");
    MessagePtr const message{made};
    sd_bus_slot* slot = nullptr;
    check(sd_bus_call_async(connection_.raw(), &slot, made, on_pong, nullptr,
                            static_cast<std::uint64_t>(ping_deadline.count())),
          "send a ping");
    watches_[sender].ping = owned(slot, std::make_unique<Asked>(this, sender));
    subscription.flow.asked();
}

auto Subscribers::on_pong(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        Asked const copy = *static_cast<Asked*>(asked);
        copy.self->answered(copy.sender, reply);
        return 1;
    });
}

void Subscribers::answered(std::string const& sender, sd_bus_message* reply) {
    auto* const subscription = subscriptions_.find(sender);
    if (subscription == nullptr) {
        return;
    }
    if (auto const* failure = sd_bus_message_get_error(reply)) {
        auto const name = text_or_empty(failure->name);
        // A library without Ping answers, too.
        bool const alive =
            name.find(".Unknown") != std::string::npos && name != "org.freedesktop.DBus.Error.ServiceUnknown";
        if (!alive) {
            end(sender, "timeout");
            return;
        }
    }
    if (auto const lost = subscription->flow.answered(); lost > 0) {
        send_quietly({root_path, manager_interface, "SignalsLost",
                      [&](Writer& out) {
                          out.number(lost);
                          out.number(streams_.published());
                      }},
                     sender);
    }
    if (subscription->flow.should_ask()) {
        ask(sender, *subscription);
    }
}

void Subscribers::end(std::string const& sender, char const* reason) {
    log_("The subscription of " + sender + " has ended: it does not answer.");
    send_quietly({root_path, manager_interface, "SubscriptionEnded", [&](Writer& out) { out.text(reason); }}, sender);
    unsubscribe(sender);
}

void Subscribers::send_quietly(Signal const& signal, std::string const& destination) {
    if (connection_.takes_signals()) {
        (void)send(signal, destination.c_str());
    }
}

}  // namespace apiary::bus
