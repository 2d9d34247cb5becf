// The jobs on the bus: interface org.apiary.Apiary1.Job at /org/apiary/Apiary1/job/ID.
#pragma once

#include <vector>

#include "bus/connection.hpp"
#include "bus/doorkeeper.hpp"
#include "bus/lookup.hpp"
#include "bus/sd_bus.hpp"

namespace apiary::bus {

class JobObjects {
public:
    JobObjects(Connection& connection, Engine& engine, Doorkeeper const& door, Lookup const& lookup);

private:
    static auto on_find(sd_bus* bus, char const* path, char const* interface, void* self, void** found,
                        sd_bus_error* error) -> int;
    static auto on_enumerate(sd_bus* bus, char const* prefix, void* self, char*** paths, sd_bus_error* error) -> int;
    static auto on_property(sd_bus* bus, char const* path, char const* interface, char const* property,
                            sd_bus_message* reply, void* job, sd_bus_error* error) -> int;
    static auto on_cancel(sd_bus_message* message, void* job, sd_bus_error* error) -> int;
    static auto make_vtable() -> std::vector<sd_bus_vtable>;

    Connection& connection_;
    Engine& engine_;
    Doorkeeper const& door_;
    Lookup const& lookup_;
    std::vector<sd_bus_vtable> vtable_;
    SlotPtr objects_, enumerator_;
};

}  // namespace apiary::bus
