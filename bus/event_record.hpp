// An event as it is written on the bus: in the signals, and in the journal's pages.
#pragma once

#include "bus/value.hpp"
#include "vm/event.hpp"

namespace apiary::bus {

// The dictionary at the record's end.
[[nodiscard]] auto details_of(Event const& event) -> Dict;

}  // namespace apiary::bus
