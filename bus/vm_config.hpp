// Configurations and their changes on the bus, within bounds.
#pragma once

#include <vector>

#include "bus/value.hpp"
#include "config/describe.hpp"
#include "vm/change_plan.hpp"

namespace apiary::bus {

// a(sasa(suus)bb) and a(sasas). Throw Fault (LimitsExceeded) where that becomes too long.
void append_settings(Writer& writer, std::vector<config::DescribedKey> const& keys);
void append_changes(Writer& writer, std::vector<KeyChange> const& changes);

// What of a reload's details is told: all texts are fit for the bus.
struct BoundedDetails {
    std::vector<VmChangePlan> plans;
    bool complete = true;
};
[[nodiscard]] auto bounded_details(std::vector<VmChangePlan> const& plans) -> BoundedDetails;

}  // namespace apiary::bus
