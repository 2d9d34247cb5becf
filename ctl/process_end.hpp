// Whether a process has ended.
#pragma once

#include "ctl/unique_fd.hpp"

namespace apiary::ctl {

// Readable from the end of the process on. Empty: there is no such process, or it cannot be followed.
[[nodiscard]] auto follow_process(int pid) -> UniqueFd;

}  // namespace apiary::ctl
