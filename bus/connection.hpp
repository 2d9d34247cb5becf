// A connection to the bus on the daemon's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bus/sd_bus.hpp"
#include "bus/sdbus_library.hpp"
#include "vm/engine.hpp"
#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

// Reads, handles and writes messages when the loop says so. Rules of sd-bus that everything here keeps: what it waits
// for is asked anew before each sleep (touch() after every use from outside of a handler); no call is ever waited for.
class Connection {
public:
    // `on_lost` is called once, on a later turn, when the bus is gone.
    Connection(Loop& loop, Engine& engine, ConnectionPtr connection, std::function<void(std::string)> on_lost);
    ~Connection();
    Connection(Connection const&) = delete;
    auto operator=(Connection const&) -> Connection& = delete;

    [[nodiscard]] auto sdbus() -> sdbus::IConnection& { return *connection_; }
    [[nodiscard]] auto raw() const -> sd_bus* { return bus_; }

    // Something was sent: look again at what to wait for, before the loop sleeps.
    void touch();
    // Calls touch() as long as the connection lives: for replies that may come later than its end.
    [[nodiscard]] auto toucher() -> std::function<void()>;
    // The bus cannot be used any more: as if it was lost.
    void give_up(std::string why);

    // False: so much waits to be written that signals must be left out.
    [[nodiscard]] auto takes_signals() const -> bool;
    // Before a planned end: hands over what the bus takes without waiting.
    void write_what_is_taken();

private:
    void post_drive();
    void drive();
    void rearm();
    void stop();

    Loop& loop_;
    Engine& engine_;
    ConnectionPtr connection_;
    std::function<void(std::string)> on_lost_;
    sd_bus* bus_;
    UniqueFd read_fd_, write_fd_;
    Handle readable_, writable_, timer_;
    std::uint64_t deadline_ = UINT64_MAX;
    bool drive_posted_ = false, touch_posted_ = false, lost_ = false;
    std::shared_ptr<Connection*> self_;  // dies with this: what was posted looks here first
};

}  // namespace apiary::bus
