// What belongs together only once a VM was read whole, of the keys that came from vmstated: the file that a bhyve VM is
// started from, its processors, its hook scripts.
#pragma once

#include "config/context.hpp"
#include "config/draft.hpp"

namespace apiary::config {

// Reports what is wrong. False: the VM is dropped for it. What the base file says of memory, processors and the console
// goes into the definition where no key says otherwise.
[[nodiscard]] auto finish_bhyve(Context& context, Draft& draft) -> bool;

}  // namespace apiary::config
