// An answer of apiary-ucl, checked: it may come from a child that was taken over by what it read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/ucl/stream.hpp"

namespace apiary::config::ucl {

// What the child says is wrong with the text.
struct TextFault {
    std::size_t at = 0;
    std::string text;
};

// Nothing: the answer is none that a child of ours would give. Nodes are in the order of the text and overlap nowhere;
// every object and array has its end; members have keys, elements have none.
[[nodiscard]] auto decode(std::string_view answer, std::size_t text_size)
    -> std::optional<std::variant<std::vector<Node>, TextFault>>;

}  // namespace apiary::config::ucl
