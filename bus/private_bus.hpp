// A message bus of our own, for hosts without one: a dbus-daemon that is started and ends with the daemon.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vm/loop.hpp"

namespace apiary::bus {

struct PrivateBusOptions {
    std::string run_dir;  // absolute; callers must be able to enter it
    std::string program = "/usr/bin/dbus-daemon";
};

class PrivateBus {
public:
    struct Callbacks {
        std::function<void(std::string address)> ready;  // accepts connections; the address file is written
        std::function<void(std::string why)> failed;     // could not be started, or ended: it is not started again
    };
    // Starts it and returns at once. The callbacks come on the loop, never from within this. Throws where the run
    // folder cannot be written.
    PrivateBus(Loop& loop, PrivateBusOptions options, Callbacks callbacks);
    // Ends it, and removes its files. Takes until it has ended (moments; it is killed after two seconds).
    ~PrivateBus();
    PrivateBus(PrivateBus const&) = delete;
    auto operator=(PrivateBus const&) -> PrivateBus& = delete;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// Where apiaryctl finds the address of the private bus: owned by root, readable by all.
[[nodiscard]] auto bus_address_file(std::string const& run_dir) -> std::string;

// The configuration of that bus: type and limits of a system bus, its socket, our policy.
[[nodiscard]] auto private_bus_config(std::string const& socket_path) -> std::string;

}  // namespace apiary::bus
