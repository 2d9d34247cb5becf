// Whether signals may be broadcast right now: keeps a listener who was stopped from costing the bus, and with it
// everybody who calls us, more than a bounded amount; says who it is; and tells when there is room again.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bus/broadcast_flow.hpp"
#include "bus/connection.hpp"
#include "bus/listener_search.hpp"
#include "vm/loop.hpp"

namespace apiary::bus {

class Broadcasts {
public:
    struct Callbacks {
        std::function<void(std::string)> log;
        std::function<void(std::uint64_t left_out)> open_again;  // so many signals were left out meanwhile
    };
    Broadcasts(Loop& loop, Connection& connection, Callbacks callbacks);
    Broadcasts(Broadcasts const&) = delete;
    auto operator=(Broadcasts const&) -> Broadcasts& = delete;
    ~Broadcasts() = default;

    [[nodiscard]] auto open() -> bool;
    // The same, of a signal: where it is to be left out, it is counted.
    [[nodiscard]] auto admit() -> bool;
    void sent(std::size_t bytes);

private:
    static auto on_kept(sd_bus_message* reply, void* self, sd_bus_error* error) -> int;
    void ask();
    void answered(sd_bus_message* reply);
    void follow(BroadcastFlow::Change change);
    void closed();
    void look_again();

    Loop& loop_;
    Connection& connection_;
    Callbacks callbacks_;
    BroadcastFlow flow_;
    std::optional<ListenerSearch> search_;
    SlotPtr question_;
    Duration pause_{};
    Handle again_;
};

}  // namespace apiary::bus
