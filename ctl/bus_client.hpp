// The client that talks to a real message bus.
#pragma once

#include <memory>

#include "ctl/bus_address.hpp"
#include "ctl/client.hpp"

namespace apiary::ctl {

// Connects to the first bus of the search that the daemon is on. Where it is on none, the failure tells what was tried.
[[nodiscard]] auto connect(BusSearch const& search) -> std::unique_ptr<Client>;

}  // namespace apiary::ctl
