// Words for enumerations, JSON for the details.
#include "store/event_row.hpp"

#include <nlohmann/json.hpp>

namespace apiary::store {
namespace {

constexpr std::int64_t row_overhead = 120;  // numbers, words of states and the tree's own bytes

auto type_from(std::string_view word) -> EventType {
    for (int i = 0; i <= static_cast<int>(EventType::notice); ++i) {
        if (to_string(static_cast<EventType>(i)) == word) {
            return static_cast<EventType>(i);
        }
    }
    return EventType::notice;
}

auto number_of(std::uint64_t value) -> std::int64_t {
    return static_cast<std::int64_t>(value);
}

}  // namespace

auto details_text(Event const& event) -> std::string {
    if (event.details.empty()) {
        return "{}";
    }
    return nlohmann::json(event.details).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

auto size_of(Event const& event, std::string const& details) -> std::int64_t {
    return row_overhead + static_cast<std::int64_t>(event.vm.size() + details.size());
}

void write_event(Statement& insert, Event const& event, std::string const& details) {
    insert.bind(1, number_of(event.seq))
        .bind(2, number_of(event.vm_seq))
        .bind(3, event.wall.time_since_epoch().count())
        .bind(4, event.mono.time_since_epoch().count())
        .bind(5, event.vm)
        .bind(6, to_string(event.type))
        .bind(7, to_string(event.state))
        .bind(8, to_string(event.sub_state))
        .bind(9, to_string(event.old_state))
        .bind(10, to_string(event.old_sub_state))
        .bind(11, to_string(event.reason))
        .bind(12, number_of(event.job))
        .bind(13, number_of(event.incarnation))
        .bind(14, details)
        .bind(15, event.durable ? 1 : 0)
        .bind(16, std::int64_t{event.audience.owner});
    if (event.audience.group) {
        insert.bind(17, std::int64_t{*event.audience.group});
    } else {
        insert.bind_null(17);
    }
    insert.bind(18, event.audience.visibility == Visibility::all ? 1 : 0).bind(19, size_of(event, details));
    insert.run();
}

auto read_event(Statement const& row) -> Event {
    Event event;
    event.seq = static_cast<std::uint64_t>(row.number(0));
    event.vm_seq = static_cast<std::uint64_t>(row.number(1));
    event.wall = WallTime{std::chrono::microseconds{row.number(2)}};
    event.mono = MonoTime{Duration{row.number(3)}};
    event.vm = row.text(4);
    event.type = type_from(row.text(5));
    event.state = state_from(row.text(6)).value_or(State::stopped);
    event.sub_state = sub_state_from(row.text(7)).value_or(SubState::none);
    event.old_state = state_from(row.text(8)).value_or(State::stopped);
    event.old_sub_state = sub_state_from(row.text(9)).value_or(SubState::none);
    event.reason = reason_from(row.text(10)).value_or(Reason::unknown);
    event.job = static_cast<std::uint64_t>(row.number(11));
    event.incarnation = static_cast<std::uint64_t>(row.number(12));
    auto const details = nlohmann::json::parse(row.text(13), nullptr, false);
    if (details.is_object()) {
        for (auto const& [key, value] : details.items()) {
            if (value.is_string()) {
                event.details.emplace(key, value.get<std::string>());
            }
        }
    }
    event.durable = row.number(14) != 0;
    event.audience.owner = static_cast<uid_t>(row.number(15));
    if (!row.is_null(16)) {
        event.audience.group = static_cast<gid_t>(row.number(16));
    }
    event.audience.visibility = row.number(17) != 0 ? Visibility::all : Visibility::owner;
    return event;
}

}  // namespace apiary::store
