// Descriptors that are left for what a call may need: a plugin that keeps some open uses them up in the end, and then
// no call can run a program, or contribute a file.
#pragma once

#include <string>

namespace apiary::plugin::host {

// Empty: there are enough. Else what is wrong, for people: the process is of little use, and another one is wanted.
[[nodiscard]] auto judge_descriptors() -> std::string;

}  // namespace apiary::plugin::host
