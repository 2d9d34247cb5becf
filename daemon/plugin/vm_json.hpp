// A VM as plugins are told of it: the member `vm` of frames.
#pragma once

#include <string>

#include "plugin/call.hpp"
#include "plugin/declaration.hpp"

namespace apiary::plugin {

struct VmFacts {
    std::string name;
    unsigned id = 0;
    std::uint64_t incarnation = 0;
    std::string run_folder;
    Settings settings;
};

// Keys that the plugin declares and nobody has set have their defaults.
[[nodiscard]] auto vm_to_json(VmFacts facts, Declaration const& declaration) -> Json;

// Where all of the VMs' hypervisors have their lines: that of the contributions which is the log, or null.
[[nodiscard]] auto log_of(std::vector<Contribution> const& contributions) -> std::shared_ptr<UniqueFd>;

}  // namespace apiary::plugin
