// Every method call passes here first: it is measured, its caller is made known, and what he may not do is refused
// before anything else looks at the call.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "bus/callers.hpp"
#include "bus/connection.hpp"
#include "bus/lookup.hpp"
#include "bus/sd_bus.hpp"

namespace apiary::bus {

class Doorkeeper {
public:
    Doorkeeper(Loop& loop, Connection& connection, Lookup const& lookup, Authority const& authority);

    // Who made the call that is being handled right now. Null: no call of a known caller is.
    [[nodiscard]] auto caller() const -> Caller const*;
    // The same, where there must be one.
    [[nodiscard]] auto current() const -> CallerPtr;
    [[nodiscard]] auto current_sender() const -> std::string;

    [[nodiscard]] auto known() const -> std::size_t { return callers_.size(); }
    [[nodiscard]] auto parked() const -> std::size_t { return parked_; }

private:
    struct Parked {
        MessagePtr message;
        std::size_t bytes;
    };
    // A sender that is not known yet: its calls wait, in their order, until it is and each has been handed back.
    struct Waiting {
        std::deque<Parked> calls;
        SlotPtr question;
        CallerPtr caller;  // once known: the calls are on their way back
    };

    static auto on_message(sd_bus_message* message, void* self, sd_bus_error* error) -> int;
    static auto on_credentials(sd_bus_message* reply, void* self, sd_bus_error* error) -> int;

    auto examine(sd_bus_message* message) -> int;
    auto pass(sd_bus_message* message, CallerPtr caller) -> int;
    auto park(sd_bus_message* message, std::string const& sender, std::size_t bytes) -> int;
    auto hand_on(sd_bus_message* message, std::string const& sender, Waiting& waiting) -> int;
    auto queue_up(sd_bus_message* message, Waiting& waiting, std::size_t bytes) -> int;
    [[nodiscard]] auto has_room(Waiting const& waiting, std::size_t bytes) const -> bool;
    void keep(Waiting& waiting, sd_bus_message* message, std::size_t bytes);
    void let_go(Parked const& call);
    void ask(std::string const& sender, Waiting& waiting);
    void answered(sd_bus_message* reply);
    void become_known(std::string const& sender, CallerPtr caller);
    void refuse_all(std::string const& sender, std::string const& why, bool gone);

    Loop& loop_;
    Connection& connection_;
    Lookup const& lookup_;
    Authority const& authority_;
    CallerCache callers_;
    std::unordered_map<std::string, Waiting> waiting_;
    std::size_t parked_ = 0, parked_bytes_ = 0;
    sd_bus_message* current_message_ = nullptr;
    CallerPtr current_;
    SlotPtr filter_;
    std::shared_ptr<Doorkeeper*> self_;
};

}  // namespace apiary::bus
