// The `vm` sections of all files to definitions: numbers, names, and what becomes of each of them.
#pragma once

#include <vector>

#include "config/context.hpp"
#include "config/load.hpp"

namespace apiary::config {

// Fills in the definitions, their ids and the names of the dropped VMs, in the order of the files and within them.
void read_vms(Context& context, SourceFiles const& files, LoadResult& result);

}  // namespace apiary::config
