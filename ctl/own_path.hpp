// The path of the running program.
#pragma once

#include <string>

namespace apiary::ctl {

[[nodiscard]] auto own_path() -> std::string;  // empty: it cannot be told

}  // namespace apiary::ctl
