// Tells when files of a folder come, go or change.
#pragma once

#include <functional>
#include <string>

#include "vm/loop.hpp"

namespace apiary::plugin {

// `changed` is called on the loop: once for whatever happened in the meantime. Null: it cannot be watched (it is not
// there, or the kernel has no more watches). A folder that is removed is not watched any more; that is told, too.
[[nodiscard]] auto watch_folder(Loop& loop, std::string const& folder, std::function<void()> changed) -> Handle;

}  // namespace apiary::plugin
