// What a plugin contributes, from and to frames; and what it may contribute.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "plugin/frames.hpp"
#include "vm/step.hpp"

namespace apiary::plugin {

// Without descriptors: "fd" is there with an empty value, for who needs to know that it was contributed.
[[nodiscard]] auto to_json(std::vector<Contribution> const& contributions) -> Json;

// Those of an `end` frame, with their descriptors. A text: what is wrong with them.
[[nodiscard]] auto contributions_from(Frame& frame) -> std::variant<std::vector<Contribution>, std::string>;

}  // namespace apiary::plugin
