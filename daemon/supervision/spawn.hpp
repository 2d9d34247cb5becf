// Executing a program at a cost that does not grow with the daemon's descriptors: it has some for each VM, and a usual
// fork or posix_spawn copies and closes all of them each time.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "vm/unique_fd.hpp"

namespace apiary::supervision {

class Spawner {
public:
    // Takes a descriptor, whose number should be low: to be made early.
    Spawner();

    // Runs `program` with an empty environment, `input` as descriptor 0 and /dev/null as 1 and 2, no other descriptor,
    // no signal blocked and each as a new process has it. 0: errno says why not. Nothing: this system has no such way.
    [[nodiscard]] auto spawn(std::string const& program, char* const* argv, int input) -> std::optional<pid_t>;

private:
    UniqueFd slot_;  // holds /dev/null, and the input during a spawn
};

}  // namespace apiary::supervision
