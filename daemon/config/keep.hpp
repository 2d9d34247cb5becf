// What a reload keeps: a definition that has become wrong, or that could not be read, is not a definition that is gone.
#pragma once

#include <vector>

#include "config/load.hpp"

namespace apiary::config {

// Adds to a load that is ok what `applied`, the definitions of before, has of the VMs and files that were dropped from
// it (at the end, without ids), and says so. One of these whose name somebody else's new definition asks for keeps it;
// root's new definition wins.
void keep_dropped(LoadResult& loaded, std::vector<DefinitionPtr> const& applied);

}  // namespace apiary::config
