// The keeper: a small process beside the plugin's, made before the plugin is loaded. When the host ends, however that
// comes about, it kills the process groups that the host was running, passes on the last words of the plugin, and lets
// go of the lock: so whoever takes that lock knows that nothing of the earlier process goes on.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

// Told over a packet socket. The cookie is against a plugin that writes to whatever descriptor it finds: no other
// process is killed by such a thing.
struct KeeperRecord {
    std::array<std::uint64_t, 2> cookie{};
    std::int32_t group = 0;
    std::int32_t begins = 0;
};

// To the keeper, before the leader of the group is reaped: after that its number can be anybody's.
void tell_ended(int keeper, KeeperRecord record, pid_t group);

class Keeper {
public:
    // To be made while the process has one thread. `channel`, `lock` and `output` (where the plugin's output can be
    // read) are the host's own, and stay so. False: errno says why.
    auto begin(int channel, int lock, int output) -> bool;

    // What a child is to send to `descriptor()` about its own group, before it executes its program.
    [[nodiscard]] auto record() const -> KeeperRecord { return {.cookie = cookie_, .group = 0, .begins = 1}; }
    [[nodiscard]] auto descriptor() const -> int { return socket_.get(); }
    void ended(pid_t group) const { tell_ended(socket_.get(), record(), group); }

private:
    UniqueFd socket_;
    std::array<std::uint64_t, 2> cookie_{};
};

}  // namespace apiary::plugin::host
