// Why a file could not be executed, where the number of errno alone misleads people.
#pragma once

#include <string>

namespace apiary::plugin::host {

// For people, without the path. The system's words for a script whose interpreter is not there are those for a script
// that is not there itself. `file`: what was to be executed, where it is open; -1: what `path` stands for.
[[nodiscard]] auto execution_fault(std::string const& path, int file, int error) -> std::string;

}  // namespace apiary::plugin::host
