// What VM and Job objects have in common: one vtable for a whole tree of objects, made from a table of properties.
// An object costs nothing until somebody asks for it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bus/errors.hpp"
#include "bus/properties.hpp"
#include "bus/sd_bus.hpp"

namespace apiary::bus {

[[nodiscard]] inline auto vtable_flags(Emits emits) -> std::uint64_t {
    switch (emits) {
        case Emits::changes:
            return SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
        case Emits::constant:
            return SD_BUS_VTABLE_PROPERTY_CONST;
        case Emits::nothing:
            break;
    }
    return 0;
}

// Appends each property, read by `getter`, and the end.
template <typename Subject>
void finish_vtable(std::vector<sd_bus_vtable>& table, std::span<Property<Subject> const> properties,
                   sd_bus_property_get_t getter) {
    for (auto const& property : properties) {
        table.push_back(SD_BUS_PROPERTY(property.name, property.signature, getter, 0, vtable_flags(property.emits)));
    }
    table.push_back(SD_BUS_VTABLE_END);
}

template <typename Subject>
[[nodiscard]] auto append_property(std::span<Property<Subject> const> properties, char const* name,
                                   sd_bus_message* reply, Subject const& subject, sd_bus_error* error) noexcept -> int {
    return guarded(error, [&] {
        auto const* property = find_property(properties, name);
        if (property == nullptr) {
            throw Fault{Error::failed, "There is no such property."};
        }
        Writer{reply}.value(property->get(subject));
        return 0;
    });
}

// What an enumerator returns: a list that the library frees with free().
[[nodiscard]] auto to_strv(std::vector<std::string> const& paths) -> char**;

// The object that a handler was registered with (its own argument is the VM or the job).
template <typename Owner>
[[nodiscard]] auto owner_of_slot(sd_bus* bus) -> Owner& {
    return *static_cast<Owner*>(sd_bus_slot_get_userdata(sd_bus_get_current_slot(bus)));
}

}  // namespace apiary::bus
