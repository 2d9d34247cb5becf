// What a definition asks for that its backend cannot do.
#pragma once

#include <vector>

#include "hypervisor/hypervisors.hpp"

namespace apiary::hypervisor {

[[nodiscard]] auto qemu_faults(Definition const& definition, Options const& options) -> std::vector<Hypervisor::Fault>;
[[nodiscard]] auto bhyve_faults(Definition const& definition, Options const& options) -> std::vector<Hypervisor::Fault>;

}  // namespace apiary::hypervisor
