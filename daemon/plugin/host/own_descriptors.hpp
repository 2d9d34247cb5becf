// The host's descriptors, out of the plugin's way: numbers that nobody guesses by counting from 0, closed in everything
// that the plugin executes or forks.
#pragma once

#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

// The same file under a high number, closed on execution; the old number is closed. -1: errno says why.
[[nodiscard]] auto move_up(int descriptor) -> int;

// A process that the plugin forks, and that executes nothing, does not keep it: the channel would not end with the
// host.
void closed_in_forks(int descriptor);

// /dev/null instead of `number`.
auto replace_with_nothing(int number) -> bool;

// Closes all others; for a process that has just been forked.
void keep_only(std::vector<int> descriptors);

}  // namespace apiary::plugin::host
