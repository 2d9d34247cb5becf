// From a draft to a definition: what can only be checked when a VM was read whole.
#pragma once

#include "config/context.hpp"
#include "config/draft.hpp"

namespace apiary::config {

// Reports what is wrong. Null: the VM is dropped for it. Takes the definition and the values out of the draft, or gives
// `before`, which may be null, where that is the same in everything.
[[nodiscard]] auto finish(Context& context, Draft& draft, DefinitionPtr const& before) -> DefinitionPtr;

}  // namespace apiary::config
