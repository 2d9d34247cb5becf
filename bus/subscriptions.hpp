// Who subscribed to what, and how much each can take. Knows no bus.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bus/callers.hpp"

namespace apiary::bus {

// Which signals a subscriber wants. An empty set stands for all.
class SignalFilter {
public:
    SignalFilter() = default;
    // Throws Fault (LimitsExceeded) where there are too many names.
    SignalFilter(std::vector<std::string> const& vms, std::vector<std::string> const& types);
    [[nodiscard]] auto wants_vm(std::string_view name) const -> bool;
    [[nodiscard]] auto wants_type(std::string_view type) const -> bool;

private:
    std::set<std::string> vms_;  // as name_key()
    std::set<std::string, std::less<>> types_;
};

// Flow control of one subscriber. It is asked for a sign of life every so often; while too much is unacknowledged,
// signals are withheld and counted.
class Flow {
public:
    static constexpr std::size_t window = std::size_t{512} * 1024;    // unacknowledged bytes at most
    static constexpr std::size_t ask_after = std::size_t{64} * 1024;  // so that a reader that keeps up never stalls

    // Nothing may be sent now: too much is unacknowledged, or the subscriber is still to be told of a gap.
    [[nodiscard]] auto stalled() const -> bool { return sent_ - acknowledged_ >= window || withheld_ > 0; }
    void sent(std::size_t bytes) { sent_ += bytes; }
    void withhold() { ++withheld_; }
    // Is it time to ask? Then asked() must follow.
    [[nodiscard]] auto should_ask() const -> bool {
        return !asking_ && (sent_ - acknowledged_ >= ask_after || withheld_ > 0);
    }
    void asked();
    // The answer has come. Returns how many signals were withheld: the subscriber is to be told of that now.
    [[nodiscard]] auto answered() -> std::uint64_t;

private:
    std::uint64_t sent_ = 0, acknowledged_ = 0, asked_at_ = 0, withheld_ = 0;
    bool asking_ = false;
};

struct Subscription {
    CallerPtr caller;
    SignalFilter filter;
    Flow flow;
};

class Subscriptions {
public:
    static constexpr std::size_t max_all = 100;  // each may have a Ping open, and the bus lets us have 128 calls open
    static constexpr std::size_t max_of_user = 16;

    // Replaces the filter of one that there is (returns false). Throws Fault (LimitsExceeded).
    auto put(std::string const& sender, CallerPtr caller, SignalFilter filter) -> bool;
    auto remove(std::string const& sender) -> bool { return all_.erase(sender) > 0; }
    [[nodiscard]] auto find(std::string const& sender) -> Subscription*;
    [[nodiscard]] auto all() -> std::map<std::string, Subscription>& { return all_; }
    [[nodiscard]] auto size() const -> std::size_t { return all_.size(); }

private:
    std::map<std::string, Subscription> all_;  // by unique name
};

}  // namespace apiary::bus
