// The VMs on the bus: interface org.apiary.Apiary1.VM at /org/apiary/Apiary1/vm/NAME.
#pragma once

#include <vector>

#include "bus/connection.hpp"
#include "bus/doorkeeper.hpp"
#include "bus/lookup.hpp"
#include "bus/properties.hpp"
#include "bus/sd_bus.hpp"

namespace apiary::bus {

class VmObjects {
public:
    VmObjects(Connection& connection, Engine& engine, Doorkeeper const& door, Lookup const& lookup,
              Authority const& authority);

private:
    static auto on_find(sd_bus* bus, char const* path, char const* interface, void* self, void** found,
                        sd_bus_error* error) -> int;
    static auto on_enumerate(sd_bus* bus, char const* prefix, void* self, char*** paths, sd_bus_error* error) -> int;
    static auto on_property(sd_bus* bus, char const* path, char const* interface, char const* property,
                            sd_bus_message* reply, void* vm, sd_bus_error* error) -> int;
    static auto on_method(sd_bus_message* message, void* vm, sd_bus_error* error) -> int;
    static auto make_vtable() -> std::vector<sd_bus_vtable>;

    auto call(sd_bus_message* message, Vm const& vm) -> int;
    auto command(sd_bus_message* message, Vm const& vm, Command what) -> int;
    auto open_console(sd_bus_message* message, Vm const& vm) -> int;
    auto get_permissions(sd_bus_message* message, Vm const& vm) -> int;
    static auto get_config(sd_bus_message* message, Vm const& vm) -> int;
    static auto get_config_diff(sd_bus_message* message, Vm const& vm) -> int;
    void require(Right right, Vm const& vm, std::string_view what) const;

    Connection& connection_;
    Engine& engine_;
    Doorkeeper const& door_;
    Lookup const& lookup_;
    Authority const& authority_;
    std::vector<sd_bus_vtable> vtable_;
    SlotPtr objects_, enumerator_;
};

// The facts that the properties are made of.
[[nodiscard]] auto facts_of(Vm const& vm, DefinitionPtr const& definition) -> VmFacts;

}  // namespace apiary::bus
