// The step that comes before all others: a VM that needs a plugin which is not there does not start.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "vm/step.hpp"

namespace apiary::plugin {

// The plugins that the definition cannot do without: those whose keys it uses, and `network` for a bridge.
[[nodiscard]] auto required_plugins(Definition const& definition) -> std::set<std::string>;

// `loaded`: names of the plugins that are there.
[[nodiscard]] auto make_required_plugins_step(Loop& loop, std::set<std::string> loaded) -> std::unique_ptr<Step>;

}  // namespace apiary::plugin
