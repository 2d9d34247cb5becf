// Where the daemon's own files are.
#pragma once

#include <string>
#include <string_view>

#include "main/options.hpp"

namespace apiary {

// Makes what is missing of the daemon's directories, absolute. Throws std::runtime_error with what is wrong.
[[nodiscard]] auto prepare_directories(Options options) -> Options;

// A helper program of ours: beside this one (a build tree), else in the libexec of the same installation.
[[nodiscard]] auto helper_path(std::string_view name) -> std::string;

}  // namespace apiary
