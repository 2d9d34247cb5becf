// Checks of a value that its row in the key table alone decides.
#pragma once

#include "config/draft.hpp"
#include "config/keys.hpp"

namespace apiary::config {

// May a value with this provenance be given to this key at all?
[[nodiscard]] auto trust_fault(KeySpec const& key, Provenance const& from) -> ValueFault;

// Does the text fit the type of the key? Fills in what the type makes of it.
[[nodiscard]] auto type_fault(Assignment& a) -> ValueFault;

}  // namespace apiary::config
