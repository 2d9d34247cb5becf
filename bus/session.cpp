// One stay on the bus.
#include "bus/session.hpp"

#include <cstdint>

#include "bus/errors.hpp"
#include "bus/paths.hpp"

namespace apiary::bus {

namespace {

auto object_manager(sd_bus* bus) -> SlotPtr {
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_object_manager(bus, &slot, root_path), "add the object manager");
    return SlotPtr{slot};
}

}  // namespace

// The name comes last: who finds it finds everything.
Session::Session(Loop& loop, Engine& engine, BusOptions const& options, JournalStreams& streams,
                 ConnectionPtr connection, Callbacks callbacks)
    : options_{options},
      callbacks_{std::move(callbacks)},
      authority_{{options.observers, options.master}},
      lookup_{engine, authority_, options.plugins},
      connection_{loop, engine, std::move(connection), callbacks_.lost},
      door_{loop, connection_, lookup_, authority_},
      subscribers_{loop, connection_, streams, callbacks_.log,
                   [this, &engine] {
                       engine.close_turn();  // nobody hears of what is not written
                       publisher_.catch_up();
                   }},
      publisher_{connection_, engine, lookup_, authority_, subscribers_},
      object_manager_{object_manager(connection_.raw())},
      vms_{connection_, engine, door_, lookup_, authority_},
      jobs_{connection_, engine, door_, lookup_},
      agents_{loop, connection_, options.agents} {
    Surroundings const around{loop,    engine,     options,      connection_, door_,
                              lookup_, authority_, subscribers_, publisher_,  streams};
    if (options.plugins != nullptr) {
        plugin_publisher_.emplace(connection_, *options.plugins, lookup_, subscribers_);
        plugins_.emplace(connection_, *options.plugins, door_, lookup_);
    }
    manager_ = make_manager(around);
    journal_ = make_journal(around);
    agents_object_ = make_agents(around, agents_);
    request_name();
}

Session::~Session() = default;

void Session::publish(Turn const& turn) {
    publisher_.publish(turn);
    connection_.touch();
}

void Session::request_name() {
    sd_bus_slot* slot = nullptr;
    check(sd_bus_request_name_async(connection_.raw(), &slot, options_.name.c_str(), 0, on_name, this),
          "request the bus name");
    name_.reset(slot);
    connection_.touch();
}

auto Session::on_name(sd_bus_message* reply, void* self, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        static_cast<Session*>(self)->named(reply);
        return 1;
    });
}

void Session::named(sd_bus_message* reply) {
    if (auto const* failure = sd_bus_message_get_error(reply)) {
        // Not the bus's own words alone: they name the connection, and would be logged anew at each try.
        connection_.give_up("the bus does not give us the name " + options_.name + " (" + text_or_empty(failure->name) +
                            (options_.master
                                 ? "): a session bus gives it to its user"
                                 : "): is the policy file org.apiary.Apiary1.conf installed, and is this root?"));
        return;
    }
    std::uint32_t result = 0;
    check(sd_bus_message_read(reply, "u", &result), "read the answer to a request for a name");
    constexpr std::uint32_t primary_owner = 1;
    constexpr std::uint32_t already_owner = 4;
    if (result != primary_owner && result != already_owner) {
        connection_.give_up("another process has the name " + options_.name);
        return;
    }
    callbacks_.named();
}

}  // namespace apiary::bus
