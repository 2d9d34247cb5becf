// One connection to a bus with the daemon on it: who owns the daemon's name, and a queue of what arrived.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ctl/bus_address.hpp"
#include "ctl/bus_convert.hpp"
#include "ctl/model.hpp"

namespace apiary::ctl {

inline constexpr char const* service_name = "org.apiary.Apiary1";
inline constexpr char const* root_path = "/org/apiary/Apiary1";

class BusLink {
public:
    explicit BusLink(BusChoice choice);  // throws sdbus::Error
    BusLink(BusLink const&) = delete;
    BusLink(BusLink&&) = delete;
    auto operator=(BusLink const&) -> BusLink& = delete;
    auto operator=(BusLink&&) -> BusLink& = delete;
    ~BusLink();

    [[nodiscard]] auto choice() const -> BusChoice const& { return choice_; }
    [[nodiscard]] auto connection() -> sdbus::IConnection& { return *connection_; }
    // The daemon's unique name; empty: it is not there. Calls go to it and signals are taken from it alone, because
    // everybody may send signals to us, and a name that changes hands must not do so in the middle.
    [[nodiscard]] auto owner() const -> std::string const& { return owner_; }

    [[nodiscard]] auto owner_pid() -> int;  // 0: the bus does not say

    void listen();  // to the daemon that is there now: to its Manager, its jobs, its events
    [[nodiscard]] auto next(int interrupt, std::optional<std::chrono::milliseconds> timeout) -> Notice;

private:
    class Manager;

    void owner_changed(std::string const& owner);
    void job_changed(sdbus::Message& message);
    void vm_event(sdbus::Message& message);
    [[nodiscard]] auto drive() -> bool;  // false: the connection is dead

    BusChoice choice_;
    std::unique_ptr<sdbus::IConnection> connection_;
    std::string owner_;
    std::deque<Notice> queue_;
    std::unique_ptr<Manager> manager_;
    std::vector<sdbus::Slot> matches_;
    sdbus::Slot owner_match_;
};

}  // namespace apiary::ctl
