// The fault injection's witness: a step that writes down outside the daemon that it was called, so that what the daemon
// says of itself can be held against it.
#pragma once

#include <memory>
#include <vector>

#include "vm/loop.hpp"
#include "vm/step.hpp"

namespace apiary {

// Adds it as the last step, where the environment has APIARY_WITNESS=FILE and the program has kill points; else does
// nothing. Lines of the file: "prestart ATTEMPT VM", "poststop ATTEMPT VM", each when that is about to be done.
void add_witness(Loop& loop, std::vector<std::unique_ptr<Step>>& steps);

}  // namespace apiary
