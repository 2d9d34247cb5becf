// Asks who listens on a socket whether it is a message bus that is alive: the first words of D-Bus's handshake.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vm/loop.hpp"

namespace apiary::bus {

class BusProbe {
public:
    // `guid`: of the server, which names one run of one bus; empty: nobody there, or no answer for 10 s. A bus whose
    // queue of connections is full has these 10 s, too.
    using Done = std::function<void(std::string guid)>;

    // Returns at once; `done` comes on the loop, once, never from within this.
    BusProbe(Loop& loop, std::string const& socket_path, Done done);
    ~BusProbe();
    BusProbe(BusProbe const&) = delete;
    auto operator=(BusProbe const&) -> BusProbe& = delete;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// The guid in the server's first line; empty: it said something else.
[[nodiscard]] auto guid_in(std::string const& line) -> std::string;

}  // namespace apiary::bus
