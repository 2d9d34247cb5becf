// The plugins on the bus.
#include "bus/plugin_objects.hpp"

#include <string>
#include <utility>

#include "bus/errors.hpp"
#include "bus/fallback.hpp"
#include "bus/incoming.hpp"
#include "bus/paths.hpp"
#include "bus/reply.hpp"

namespace apiary::bus {

namespace {

// A call under way can hold up the reply for as long as the plugin's deadlines are, and each keeps a message.
constexpr std::size_t most_waiting = 32;

// One of those, as long as it lives.
class Place {
public:
    explicit Place(std::shared_ptr<std::size_t> taken) : taken_{std::move(taken)} {
        if (*taken_ >= most_waiting) {
            throw Fault{Error::limits_exceeded, "Too many of these wait for their replies. Wait for some of them."};
        }
        ++*taken_;
    }
    Place(Place const&) = delete;
    auto operator=(Place const&) -> Place& = delete;
    ~Place() { --*taken_; }

private:
    std::shared_ptr<std::size_t> taken_;
};

}  // namespace

PluginObjects::PluginObjects(Connection& connection, Plugins& plugins, Doorkeeper const& door, Lookup const& lookup)
    : connection_{connection},
      plugins_{plugins},
      door_{door},
      lookup_{lookup},
      waiting_{std::make_shared<std::size_t>(0)},
      vtable_{make_vtable()} {
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_fallback_vtable(connection_.raw(), &slot, plugin_prefix, plugin_interface, vtable_.data(), on_find,
                                     this),
          "add the plugin objects");
    objects_.reset(slot);
    check(sd_bus_add_node_enumerator(connection_.raw(), &slot, plugin_prefix, on_enumerate, this),
          "add the list of plugins");
    enumerator_.reset(slot);
}

auto PluginObjects::make_vtable() -> std::vector<sd_bus_vtable> {
    std::vector<sd_bus_vtable> table;
    table.push_back(SD_BUS_VTABLE_START(0));
    for (auto const* name : {"Enable", "Disable", "Restart"}) {
        table.push_back(SD_BUS_METHOD_WITH_ARGS(name, SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, on_method,
                                                SD_BUS_VTABLE_UNPRIVILEGED));
    }
    finish_vtable(table, plugin_properties(), on_property);
    return table;
}

auto PluginObjects::on_find(sd_bus* /*bus*/, char const* path, char const* /*interface*/, void* self, void** found,
                            sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto& objects = *static_cast<PluginObjects*>(self);
        auto const* caller = objects.door_.caller();
        objects.found_ = caller != nullptr ? objects.lookup_.plugin_at(path, *caller) : std::nullopt;
        *found = objects.found_ ? &*objects.found_ : nullptr;
        return objects.found_ ? 1 : 0;
    });
}

auto PluginObjects::on_enumerate(sd_bus* /*bus*/, char const* /*prefix*/, void* self, char*** paths,
                                 sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto const& objects = *static_cast<PluginObjects*>(self);
        std::vector<std::string> visible;
        if (auto const* caller = objects.door_.caller()) {
            for (auto const& plugin : objects.lookup_.all_plugins(*caller)) {
                visible.push_back(plugin_path(plugin.name));
            }
        }
        *paths = to_strv(visible);
        return 0;
    });
}

auto PluginObjects::on_property(sd_bus* /*bus*/, char const* /*path*/, char const* /*interface*/, char const* property,
                                sd_bus_message* reply, void* plugin, sd_bus_error* error) -> int {
    return append_property(plugin_properties(), property, reply, *static_cast<PluginStatus const*>(plugin), error);
}

auto PluginObjects::on_method(sd_bus_message* message, void* plugin, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto& objects = owner_of_slot<PluginObjects>(sd_bus_message_get_bus(message));
        std::string const name = static_cast<PluginStatus const*>(plugin)->name;  // others may be looked for meanwhile
        return objects.call(message, name);
    });
}

auto PluginObjects::call(sd_bus_message* message, std::string const& name) -> int {
    Options const options{read_options(message)};
    options.finish();
    auto const place = std::make_shared<Place>(waiting_);
    auto const reply = std::make_shared<PendingReply>(message, connection_.toucher());
    std::string_view const member = sd_bus_message_get_member(message);
    // One that has no file goes by being enabled: that it is enabled is to be told.
    bool const is_enabling = member == "Enable";
    Plugins::Done const done = [place, reply, &plugins = plugins_, name,
                                is_enabling](Outcome<std::monostate> const& outcome) {
        auto const* const refusal = std::get_if<Refusal>(&outcome);
        if (refusal == nullptr) {
            reply->nothing();
        } else if (!is_enabling && !plugins.find(name)) {  // it went meanwhile
            reply->fault(no_such_plugin(name));
        } else {
            reply->fault(Fault{*refusal});
        }
    };
    if (is_enabling) {
        plugins_.enable(name, done);
    } else if (member == "Disable") {
        plugins_.disable(name, done);
    } else {
        plugins_.restart(name, done);
    }
    return 1;
}

}  // namespace apiary::bus
