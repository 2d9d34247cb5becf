// Who sits where on the PCI bus.
#pragma once

#include "hypervisor/device_model.hpp"

namespace apiary::hypervisor {

// Gives each device its address, and adds placeholders where a slot would lack its function 0. False: a range is full.
[[nodiscard]] auto place_devices(std::vector<Device>& devices, Numbering numbering) -> bool;

// How many devices of the kind have a place.
[[nodiscard]] auto places_for(DeviceKind const& kind) -> unsigned;

}  // namespace apiary::hypervisor
