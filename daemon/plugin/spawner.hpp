// Who runs the plugins' hosts: the daemon's children are watched and reaped elsewhere.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary::plugin {

class Spawner {
public:
    virtual ~Spawner() = default;
    // Runs `program` with an empty environment, `channel` as descriptor 0 and /dev/null as 1 and 2. `ended` is called
    // once, on the loop, when it has ended and is reaped: with the status of waitpid(2), or -1 where nobody knows it.
    // 0: errno says why it could not be run.
    [[nodiscard]] virtual auto spawn(std::string const& program, std::vector<std::string> argv, UniqueFd channel,
                                     std::function<void(int status)> ended) -> pid_t = 0;
    virtual void kill(pid_t child) = 0;  // if it is still there
};

// "was killed by signal 11", "ended with status 3": how a child ended, for people.
[[nodiscard]] auto end_text(int status) -> std::string;

}  // namespace apiary::plugin
