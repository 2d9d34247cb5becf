// The lock of a plugin's state folder: one process of a plugin at a time.
#pragma once

#include <string>
#include <variant>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

// Waits until the earlier process of the plugin, and all that it ran, is gone. A text: why there is no lock.
[[nodiscard]] auto take_lock(std::string const& state_folder) -> std::variant<UniqueFd, std::string>;

}  // namespace apiary::plugin::host
