// Finds who on the bus does not read: whom the bus keeps the most for. One question after the other, so that neither
// the bus nor we have many of them open.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "bus/connection.hpp"
#include "bus/sd_bus.hpp"

namespace apiary::bus {

class ListenerSearch {
public:
    // `done`: words for who it is (":1.42 (user 1000, process 4242), for whom it keeps 12 MiB"); empty: not found.
    ListenerSearch(Connection& connection, std::function<void(std::string)> done);
    ListenerSearch(ListenerSearch const&) = delete;
    auto operator=(ListenerSearch const&) -> ListenerSearch& = delete;
    ~ListenerSearch() = default;

private:
    static auto on_names(sd_bus_message* reply, void* self, sd_bus_error* error) -> int;
    static auto on_kept(sd_bus_message* reply, void* self, sd_bus_error* error) -> int;
    static auto on_process(sd_bus_message* reply, void* self, sd_bus_error* error) -> int;
    void ask(char const* interface, char const* member, sd_bus_message_handler_t answer, std::string const* name);
    void next();
    void end();

    Connection& connection_;
    std::function<void(std::string)> done_;
    std::deque<std::string> names_;  // still to be looked at
    std::string worst_, process_;
    std::uint64_t kept_ = 0;
    SlotPtr question_;
};

}  // namespace apiary::bus
