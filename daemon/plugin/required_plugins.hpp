// The step that comes before all others: a VM that needs a plugin which is not there does not start.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "vm/step.hpp"

namespace apiary::plugin {

// The plugins that the definition cannot do without: those whose keys it uses, and `network` for a bridge.
[[nodiscard]] auto required_plugins(Definition const& definition) -> std::set<std::string>;

// Why a VM cannot be started that needs the plugin, as the end of a sentence about it ("is disabled: …"); empty: it
// can.
using PluginFault = std::function<std::string(std::string const& plugin)>;

// Asks at the time of each start.
[[nodiscard]] auto make_required_plugins_step(Loop& loop, PluginFault fault) -> std::unique_ptr<Step>;

}  // namespace apiary::plugin
