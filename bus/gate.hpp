// Decides on one method call of a known caller.
#pragma once

#include "bus/authority.hpp"
#include "bus/lookup.hpp"
#include "bus/sd_bus.hpp"

namespace apiary::bus {

// Throws Fault where the call is refused. A call for what the caller may not see is not: it goes on and gets the very
// reply that sd-bus has for an object that does not exist.
void check_call(sd_bus_message* message, Caller const& caller, Lookup const& lookup, Authority const& authority);

}  // namespace apiary::bus
