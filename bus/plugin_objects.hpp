// The plugins on the bus: interface org.apiary.Apiary1.Plugin at /org/apiary/Apiary1/plugin/NAME.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "bus/connection.hpp"
#include "bus/doorkeeper.hpp"
#include "bus/lookup.hpp"
#include "bus/sd_bus.hpp"
#include "vm/plugins.hpp"

namespace apiary::bus {

class PluginObjects {
public:
    PluginObjects(Connection& connection, Plugins& plugins, Doorkeeper const& door, Lookup const& lookup);

private:
    static auto on_find(sd_bus* bus, char const* path, char const* interface, void* self, void** found,
                        sd_bus_error* error) -> int;
    static auto on_enumerate(sd_bus* bus, char const* prefix, void* self, char*** paths, sd_bus_error* error) -> int;
    static auto on_property(sd_bus* bus, char const* path, char const* interface, char const* property,
                            sd_bus_message* reply, void* plugin, sd_bus_error* error) -> int;
    static auto on_method(sd_bus_message* message, void* plugin, sd_bus_error* error) -> int;
    static auto make_vtable() -> std::vector<sd_bus_vtable>;
    auto call(sd_bus_message* message, std::string const& name) -> int;

    Connection& connection_;
    Plugins& plugins_;
    Doorkeeper const& door_;
    Lookup const& lookup_;
    // What was found last: the library is done with one before it looks for the next.
    std::optional<PluginStatus> found_;
    std::shared_ptr<std::size_t> waiting_;  // calls without a reply yet
    std::vector<sd_bus_vtable> vtable_;
    SlotPtr objects_, enumerator_;
};

}  // namespace apiary::bus
