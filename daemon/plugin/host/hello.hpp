// The first frame of a channel.
#pragma once

#include <string>
#include <variant>

#include "plugin/host/channel.hpp"

namespace apiary::plugin::host {

struct Hello {
    Json body;
    UniqueFd file;  // the shared object
};
// A text: what is wrong with it; empty: the daemon is gone.
[[nodiscard]] auto receive_hello(Channel& channel) -> std::variant<Hello, std::string>;

// Tells the daemon that the plugin cannot be used. To end is the caller's.
void tell_failed(Channel& channel, std::string const& why);

}  // namespace apiary::plugin::host
