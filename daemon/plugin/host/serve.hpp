// apiary-plugin-host --serve: the plugin's process, from the daemon's hello to the end of the channel.
#pragma once

#include <string>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

// `file`: the plugin's name for people. Gives the exit status, where it returns.
auto serve(UniqueFd channel, std::string const& file) -> int;

}  // namespace apiary::plugin::host
