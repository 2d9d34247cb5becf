// What a reload keeps: a definition that has become wrong, or that could not be read, is not a definition that is gone.
//
// Of each owner of files all is taken or nothing: an error in one of his files, and his VMs stay as they are, none is
// new and none is gone. Others are not touched by it. (Of root's files an error refuses the whole reload: that is up to
// the caller, who sees LoadResult::trusted_errors.)
#pragma once

#include <vector>

#include "config/load.hpp"
#include "vm/change_plan.hpp"

namespace apiary::config {

// Puts into a load that is ok what `applied`, the definitions of before, has of the owners with errors, in place of
// what was read of theirs (at the end, without ids). Says so in the diagnostics, once for each owner, and tells of each
// VM that is kept.
//
// A name stays with who has it: where the definition of another user would come first now, or asks for the name of a VM
// that is kept, that one is refused. Root's new definition wins.
[[nodiscard]] auto keep_applied(LoadResult& loaded, std::vector<DefinitionPtr> const& applied)
    -> std::vector<VmChangePlan>;

}  // namespace apiary::config
