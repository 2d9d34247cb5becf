// From a draft to a definition: what can only be checked when a VM was read whole.
#pragma once

#include "config/context.hpp"
#include "config/draft.hpp"

namespace apiary::config {

// Reports what is wrong. Null: the VM is dropped for it.
[[nodiscard]] auto finish(Context& context, Draft draft) -> DefinitionPtr;

}  // namespace apiary::config
