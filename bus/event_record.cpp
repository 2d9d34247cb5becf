// An event as it is written on the bus.
#include "bus/event_record.hpp"

#include <chrono>

#include "bus/text.hpp"

namespace apiary::bus {

namespace {
// So that 500 of them stay far below what the bus takes in one message.
constexpr std::size_t max_details = 24;
constexpr std::size_t max_key = 64;
constexpr std::size_t max_value = 1024;
}  // namespace

auto details_of(Event const& event) -> Dict {
    Dict details;
    if (event.type == EventType::state) {
        details.push_back({"old-state", {std::string{to_string(event.old_state)}}});
        details.push_back({"old-sub-state", {std::string{to_string(event.old_sub_state)}}});
    }
    if (event.job != 0) {
        details.push_back({"job", {event.job}});
    }
    if (event.incarnation != 0) {
        details.push_back({"incarnation", {event.incarnation}});
    }
    auto const monotonic = std::chrono::duration_cast<std::chrono::microseconds>(event.mono.time_since_epoch()).count();
    details.push_back({"monotonic", {static_cast<std::uint64_t>(std::max<decltype(monotonic)>(monotonic, 0))}});
    if (!event.durable) {
        details.push_back({"durable", {false}});
    }
    for (auto const& [key, value] : event.details) {
        if (details.size() >= max_details) {
            break;
        }
        details.push_back({clean_text(key, max_key), {clean_text(value, max_value)}});
    }
    return details;
}

}  // namespace apiary::bus
