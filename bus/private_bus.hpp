// A message bus of our own, for hosts without one: a dbus-daemon that outlives the daemon which started it.
//
// Whoever listens on it stays connected while the daemon is restarted, upgraded or killed. The next daemon finds it by
// a record in the run folder (pid, start time, boot), asks it for a sign of life, and uses it; one that does not answer
// is killed, one that is gone is replaced. It is ended together with the VMs, by end().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vm/loop.hpp"

namespace apiary::bus {

struct PrivateBusOptions {
    std::string run_dir;  // absolute, ours alone to write to; callers must be able to enter it
    std::string program = "/usr/bin/dbus-daemon";
};

class PrivateBus {
public:
    struct Callbacks {
        // It accepts connections, and the address file is written: at first, and again where it had to be replaced.
        // `address` holds for every later one, too. `found`: an earlier daemon started it.
        std::function<void(std::string address, bool found)> ready;
        // It could not be started, its files could not be written, or it has ended. It is tried again with growing
        // pauses; the same trouble is told once.
        std::function<void(std::string why)> failed;
    };
    // Finds or starts it and returns at once. The callbacks come on the loop, never from within this. Throws
    // std::system_error where no bus could ever be in that run folder (its path is too long).
    PrivateBus(Loop& loop, PrivateBusOptions options, Callbacks callbacks);
    // Leaves it alive.
    ~PrivateBus();
    PrivateBus(PrivateBus const&) = delete;
    auto operator=(PrivateBus const&) -> PrivateBus& = delete;

    // Ends it, and removes its files. Takes until it has ended (moments; it is killed after two seconds).
    void end();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// Where apiaryctl finds the address of the private bus: owned by root, readable by all.
[[nodiscard]] auto bus_address_file(std::string const& run_dir) -> std::string;

// The configuration of that bus: type and limits of a system bus, its socket, our policy.
[[nodiscard]] auto private_bus_config(std::string const& socket_path) -> std::string;

// Without the guid, which is another one each time that it is started.
[[nodiscard]] auto private_bus_address(std::string const& socket_path) -> std::string;

}  // namespace apiary::bus
