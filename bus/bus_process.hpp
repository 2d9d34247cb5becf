// The dbus-daemon of a private bus: a process that outlives us, and that the next of us finds again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

class BusProcess {
public:
    // Letting go of it leaves it alive.
    virtual ~BusProcess() = default;

    virtual void end() = 0;   // takes until it has ended: moments, and force after two seconds. `ended` is not called
    virtual void kill() = 0;  // the same by force at once
    virtual void read_config() = 0;  // once it has answered somebody: earlier it would not survive that
};

struct BusProcessPlan {
    std::vector<std::string> argv;
    UniqueFd address;   // the process finds it as `address_number`
    UniqueFd messages;  // its standard error; it goes on when nobody reads them any more
    // Gets what adopt_bus_process() takes, to be kept where a later daemon finds it. Called before anything is
    // executed: where this daemon dies in between, or this throws, the process is no more.
    std::function<void(std::string const& identity)> record;
    std::function<void(std::string how)> ended;  // on the loop, once
};

inline constexpr int address_number = 3;

// Executes argv[0], in a session of its own: a Ctrl-C in our terminal is not meant for it. Throws std::system_error
// where it cannot be started, and what `record` throws.
[[nodiscard]] auto start_bus_process(Loop& loop, BusProcessPlan plan) -> std::unique_ptr<BusProcess>;

// The process that an earlier daemon has started, by pid, start time and boot of the host. Null: it does not live.
[[nodiscard]] auto adopt_bus_process(Loop& loop, std::string_view identity, std::function<void(std::string how)> ended)
    -> std::unique_ptr<BusProcess>;

}  // namespace apiary::bus
