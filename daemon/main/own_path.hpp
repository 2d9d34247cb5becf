// The path of the running program.
#pragma once

#include <string>

namespace apiary {

[[nodiscard]] auto own_path() -> std::string;

}  // namespace apiary
