// The dictionary of an event.
#include "bus/event_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace apiary::bus {
namespace {

auto value_of(Dict const& details, std::string const& key) -> Value const* {
    auto const found =
        std::find_if(details.begin(), details.end(), [&](Entry const& entry) { return entry.key == key; });
    return found != details.end() ? &found->value : nullptr;
}

TEST(EventRecord, saysOnlyWhatThereIs) {
    Event event;
    event.type = EventType::notice;
    auto const details = details_of(event);
    EXPECT_EQ(value_of(details, "job"), nullptr);
    EXPECT_EQ(value_of(details, "incarnation"), nullptr);
    EXPECT_EQ(value_of(details, "durable"), nullptr);
    EXPECT_EQ(value_of(details, "old-state"), nullptr);
    EXPECT_NE(value_of(details, "monotonic"), nullptr);
}

TEST(EventRecord, saysAllThatThereIs) {
    Event event;
    event.type = EventType::state;
    event.old_state = State::starting;
    event.old_sub_state = SubState::launching;
    event.job = 7;
    event.incarnation = 3;
    event.durable = false;
    event.details["text"] = "words";
    auto const details = details_of(event);
    EXPECT_EQ(*value_of(details, "old-state"), Value{std::string{"starting"}});
    EXPECT_EQ(*value_of(details, "old-sub-state"), Value{std::string{"launching"}});
    EXPECT_EQ(*value_of(details, "job"), Value{std::uint64_t{7}});
    EXPECT_EQ(*value_of(details, "incarnation"), Value{std::uint64_t{3}});
    EXPECT_EQ(*value_of(details, "durable"), Value{false});
    EXPECT_EQ(*value_of(details, "text"), Value{std::string{"words"}});
}

TEST(EventRecord, isBounded) {
    Event event;
    for (int number = 0; number < 1000; ++number) {
        event.details["key" + std::to_string(number)] = std::string(100'000, 'x');
    }
    auto const details = details_of(event);
    EXPECT_LE(details.size(), 24U);
    for (auto const& entry : details) {
        if (auto const* text = std::get_if<std::string>(&entry.value.data)) {
            EXPECT_LE(text->size(), 1024U);
        }
    }
}

}  // namespace
}  // namespace apiary::bus
