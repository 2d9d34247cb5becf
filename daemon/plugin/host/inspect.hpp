// apiary-plugin-host --describe and --configure: the plugin's words, in a process without rights.
#pragma once

#include <string>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

// Sends the frame `plugin`; then, with `configure`, answers each frame `check`. Gives the exit status.
auto inspect(UniqueFd channel, std::string const& file, bool configure) -> int;

}  // namespace apiary::plugin::host
