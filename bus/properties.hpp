// The properties of VMs, jobs and plugins: one table each, from which vtables, GetManagedObjects, PropertiesChanged and
// the fields of ListVMs and ListPlugins are made.
#pragma once

#include <span>
#include <string_view>

#include "bus/authority.hpp"
#include "bus/value.hpp"
#include "vm/engine.hpp"
#include "vm/plugins.hpp"

namespace apiary::bus {

enum class Emits { changes, nothing, constant };  // EmitsChangedSignal true, false, const

// All that the properties of a VM are made of.
struct VmFacts {
    std::string const& name;
    unsigned id;
    VmStatus const& status;
    Definition const* definition;  // null: not known
    Audience const& audience;
};

template <typename Subject>
struct Property {
    char const* name;
    char const* signature;
    Emits emits;
    Value (*get)(Subject const&);
};
using VmProperty = Property<VmFacts>;
using JobProperty = Property<Job>;
using PluginProperty = Property<PluginStatus>;

[[nodiscard]] auto vm_properties() -> std::span<VmProperty const>;
[[nodiscard]] auto job_properties() -> std::span<JobProperty const>;
[[nodiscard]] auto plugin_properties() -> std::span<PluginProperty const>;

template <typename Subject>
[[nodiscard]] auto find_property(std::span<Property<Subject> const> table, std::string_view name)
    -> Property<Subject> const* {
    for (auto const& property : table) {
        if (property.name == name) {
            return &property;
        }
    }
    return nullptr;
}

template <typename Subject>
[[nodiscard]] auto all_properties(std::span<Property<Subject> const> table, Subject const& subject) -> Dict {
    Dict all;
    all.reserve(table.size());
    for (auto const& property : table) {
        all.push_back({property.name, property.get(subject)});
    }
    return all;
}

// Those that really differ and whose changes are signalled.
template <typename Subject>
[[nodiscard]] auto changed_properties(std::span<Property<Subject> const> table, Subject const& before,
                                      Subject const& after) -> Dict {
    Dict changed;
    for (auto const& property : table) {
        if (property.emits == Emits::changes) {
            if (auto value = property.get(after); value != property.get(before)) {
                changed.push_back({property.name, std::move(value)});
            }
        }
    }
    return changed;
}

}  // namespace apiary::bus
