// The signals that tell of objects: that there is one more, one less, and what has changed.
#pragma once

#include <string>

#include "bus/subscribers.hpp"
#include "bus/value.hpp"

namespace apiary::bus {

[[nodiscard]] auto properties_changed(std::string path, char const* interface, Dict changed) -> Signal;
[[nodiscard]] auto interfaces_added(std::string const& path, char const* interface, Dict properties) -> Signal;
[[nodiscard]] auto interfaces_removed(std::string const& path, char const* interface) -> Signal;

}  // namespace apiary::bus
