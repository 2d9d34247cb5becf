// --check, and what it and a start have in common.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hypervisor/hypervisors.hpp"
#include "main/options.hpp"

namespace apiary {

// --check, --check-restart: prints what is wrong with the configuration; gives the exit status. The second one also
// looks at the state database: 3 if this program is too old for it.
[[nodiscard]] auto check_configuration(Options const& options) -> int;

[[nodiscard]] auto hypervisor_options(Options const& options) -> hypervisor::Options;

// What to tell somebody who has written no configuration yet; empty: he has.
[[nodiscard]] auto hint_of_missing(std::vector<std::string> const& configs) -> std::string;

[[nodiscard]] auto vms_text(std::size_t count) -> std::string;  // "1 VM", "2 VMs"

}  // namespace apiary
