// libucl's word on a text: whether it is UCL at all, and whether it has the parts that the scanner found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/ucl/child/fault.hpp"
#include "config/ucl/stream.hpp"

namespace apiary::config::ucl {

// `scanned`: what the scanner stumbled over; libucl is to be asked first, and knows best whether it is a fault.
// Nothing: the nodes are what the text says.
[[nodiscard]] auto judge(std::string const& text, std::vector<Node> const& nodes, std::optional<Fault> const& scanned)
    -> std::optional<Fault>;

}  // namespace apiary::config::ucl
