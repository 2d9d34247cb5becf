// The life that a plugin is led through.
#pragma once

#include "plugins/test/options.hpp"

namespace apiary::plugin_test {

// Prints what comes. True: all went well.
[[nodiscard]] auto lead_life(Options const& options) -> bool;

}  // namespace apiary::plugin_test
