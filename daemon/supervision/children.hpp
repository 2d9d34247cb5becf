// The daemon's own short-lived children (the first process of a shim, the opener): spawned, and reaped without waiting.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervision/process.hpp"
#include "supervision/spawn.hpp"
#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::supervision {

class Children {
public:
    // `patience`: with all that still run at the end together. They are to end by themselves by then.
    explicit Children(Loop& loop, Duration patience = std::chrono::milliseconds{500})
        : loop_{loop}, patience_{patience} {}
    ~Children();
    Children(Children const&) = delete;
    auto operator=(Children const&) -> Children& = delete;

    // Told once, on the loop, when it is reaped: the status of waitpid(2), or -1 where somebody else has it.
    using Ended = std::function<void(int status)>;
    // Runs `program` with an empty environment, `input` as descriptor 0 and /dev/null as 1 and 2. 0: errno says why
    // not.
    [[nodiscard]] auto spawn(std::string const& program, std::vector<std::string> argv, UniqueFd input,
                             Ended ended = {}) -> pid_t;
    void kill(pid_t child);  // if it is still there
    [[nodiscard]] auto count() const -> std::size_t { return children_.size(); }

private:
    struct Child {
        Ended ended;
        std::optional<Process> process;
        Handle wait;  // after `process`: goes first
    };
    void look(pid_t child);
    void watch(pid_t child);
    Loop& loop_;
    Duration patience_;
    Spawner spawner_;
    std::map<pid_t, Child> children_;
};

}  // namespace apiary::supervision
