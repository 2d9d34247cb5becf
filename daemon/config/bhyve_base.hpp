// The text of a bhyve_config(5) file.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "vm/definition.hpp"

namespace apiary::config {

// The settings in it, as they stand there. Called for each line that bhyve would not take either, and for what has no
// place in the base of a VM (then `fatal` is false, and it is left out).
using BaseReport = std::function<void(unsigned line, bool fatal, std::string)>;
[[nodiscard]] auto parse_bhyve_base(std::string file, std::string_view text, BaseReport const& report) -> BhyveBase;

// The last value of a key, with %(KEY) worked out. Nothing: it is not set, or cannot be worked out.
[[nodiscard]] auto base_value(BhyveBase const& base, std::string_view key) -> std::optional<std::string>;

}  // namespace apiary::config
