// In which order the steps of plugins run: by phase, then by `before` and `after`, then by name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugin/declaration.hpp"

namespace apiary::plugin {

struct Order {
    std::vector<std::string> names;              // of those that have a place, in the order of starting
    std::map<std::string, std::string> circles;  // of those that have none: what is wrong
};

// Names that nobody has, and those of another phase, have no effect.
[[nodiscard]] auto arrange(std::vector<Declaration const*> const& plugins) -> Order;

}  // namespace apiary::plugin
