// The `global` sections of trusted files: variables for all VMs, and the daemon's own settings.
#pragma once

#include <vector>

#include "config/context.hpp"
#include "config/load.hpp"

namespace apiary::config {

// In reading order: the first assignment to a key wins, the last to a variable.
[[nodiscard]] auto read_globals(Context& context, SourceFiles const& files) -> Globals;

}  // namespace apiary::config
