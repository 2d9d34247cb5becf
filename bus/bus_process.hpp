// The dbus-daemon of a private bus as a child process that cannot outlive us.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

class BusProcess {
public:
    // Destroying it ends the process, if need be by force after two seconds.
    virtual ~BusProcess() = default;
};

// The number under which the child finds `inherited`.
inline constexpr int inherited_number = 3;

// Executes argv[0], in a session of its own: a Ctrl-C in our terminal is not meant for it. `ended` comes on the loop,
// once. Throws std::system_error where it cannot be started.
[[nodiscard]] auto start_bus_process(Loop& loop, std::vector<std::string> argv, UniqueFd inherited,
                                     std::function<void(std::string how)> ended) -> std::unique_ptr<BusProcess>;

}  // namespace apiary::bus
