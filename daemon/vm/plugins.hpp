// Plugins as the bus and the shell see them. The part that loads them implements this.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vm/engine.hpp"
#include "vm/loop.hpp"

namespace apiary {

enum class PluginState {
    starting,  // its process is being started
    running,
    ended,     // it has no process; the next call starts one, after a death with a pause
    disabled,  // by an admin, or by too many strikes; stays so over restarts of the daemon
    unusable,  // it cannot be loaded as it is: `error` says why
    absent,    // the file is gone, or never was there, and something is still to be undone with it
};
[[nodiscard]] auto to_string(PluginState) -> std::string_view;

struct PluginStatus {
    std::string name, version, doc;
    std::string path;  // of the shared object
    PluginState state = PluginState::absent;
    std::string error;                // the last, for people; empty: none since it was enabled
    std::string phase;                // "network", "storage", "device", "hook"
    std::vector<std::string> keys;    // that it adds to the configuration
    std::vector<std::string> events;  // types that it hears
    std::int64_t pid = 0;             // of its process; 0: none
    std::uint64_t calls = 0;          // answered ones and failed ones, since the daemon began
    std::uint64_t failures = 0;       // of them: an answer that is neither ok nor veto, or none
    std::uint32_t under_way = 0;
    std::uint32_t strikes = 0;                                   // deaths and hangs in calls within the window
    std::uint64_t restarts = 0;                                  // processes that were started, but for the first
    std::chrono::microseconds latency_mean{0}, latency_most{0};  // of answered calls; 0: none yet
};

// For the loop's thread.
class Plugins {
public:
    virtual ~Plugins() = default;

    [[nodiscard]] virtual auto list() const -> std::vector<PluginStatus> = 0;  // by name
    [[nodiscard]] virtual auto find(std::string_view name) const -> std::optional<PluginStatus> = 0;

    // They take effect at once, and `done` is called
    // when it is done: calls that are under way are waited for (disable, restart), each within its own deadline.
    using Done = std::function<void(Outcome<std::monostate>)>;
    virtual void enable(std::string const& name, Done done) = 0;  // clears strikes
    virtual void disable(std::string const& name, Done done) = 0;
    virtual void restart(std::string const& name, Done done) = 0;  // looks at the file anew

    // After each change of what list() gives but the counters of calls. The handle ends it.
    enum class Change { added, changed, removed };
    using Listener = std::function<void(std::string const& name, Change)>;
    [[nodiscard]] virtual auto listen(Listener listener) -> Handle = 0;
};

}  // namespace apiary
