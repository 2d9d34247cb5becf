// What is special to sdbus-c++ 1.2 about connections: opening one, and getting at the sd-bus connection inside.
#pragma once

#include <memory>
#include <string>

#include "bus/sd_bus.hpp"

namespace sdbus {
class IConnection;
}

namespace apiary::bus {

using ConnectionPtr = std::shared_ptr<sdbus::IConnection>;

// Connects to the bus at `address`, or to the system bus where that is empty. Waits for the bus: not for the loop's
// thread. Throws where it fails.
[[nodiscard]] auto open_connection(std::string const& address) -> ConnectionPtr;

// Stays the connection's own.
[[nodiscard]] auto raw_bus(sdbus::IConnection& connection) -> sd_bus*;

}  // namespace apiary::bus
