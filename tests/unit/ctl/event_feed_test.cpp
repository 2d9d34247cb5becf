// What is shown of a journal that is followed.
#include "ctl/event_feed.hpp"

#include <gtest/gtest.h>

#include "ctl/event_text.hpp"

namespace apiary::ctl {
namespace {

auto event(std::uint64_t seq, bool durable = true) -> Event {
    Event made;
    made.seq = seq;
    made.vm = "web";
    made.type = "state";
    if (!durable) {
        made.details.emplace("durable", Value{false});
    }
    return made;
}

auto page(std::vector<std::uint64_t> const& numbers, std::uint64_t complete) -> JournalPage {
    JournalPage made{.events = {}, .complete_through = complete};
    for (auto const number : numbers) {
        made.events.push_back(event(number));
    }
    return made;
}

auto numbers(std::vector<Event> const& events) -> std::vector<std::uint64_t> {
    std::vector<std::uint64_t> all;
    for (auto const& one : events) {
        all.push_back(one.seq);
    }
    return all;
}

using Numbers = std::vector<std::uint64_t>;

TEST(EventFeed, shows_what_the_journal_has_once) {
    EventFeed feed{{}};
    feed.start_after(2);
    EXPECT_EQ(numbers(feed.read(page({3, 4}, 5))), (Numbers{3, 4}));
    EXPECT_EQ(feed.after(), 5U);
    EXPECT_EQ(numbers(feed.read(page({4, 5, 6}, 6))), Numbers{6});
}

TEST(EventFeed, signals_only_say_that_there_is_something) {
    EventFeed feed{{}};
    feed.start_after(2);
    EXPECT_FALSE(feed.behind());
    feed.signalled(event(5));  // of one VM, before an older one of another
    feed.signalled(event(4));
    EXPECT_TRUE(feed.behind());
    EXPECT_EQ(numbers(feed.read(page({3, 4, 5}, 5))), (Numbers{3, 4, 5}));  // 3 had no signal: it was lost
    EXPECT_TRUE(feed.rest().empty());
    EXPECT_FALSE(feed.behind());
    feed.signalled(event(4));  // late
    EXPECT_FALSE(feed.behind());
}

TEST(EventFeed, what_could_not_be_written_is_shown_from_its_signal) {
    EventFeed feed{{}};
    feed.start_after(2);
    feed.signalled(event(4, false));
    feed.signalled(event(3, false));
    EXPECT_TRUE(feed.read(page({}, 2)).empty());
    EXPECT_EQ(numbers(feed.rest()), (Numbers{3, 4}));
    EXPECT_FALSE(feed.behind());                                    // the journal has no more, do not ask it in circles
    EXPECT_EQ(numbers(feed.read(page({3, 4, 5}, 5))), Numbers{5});  // written at last: not shown again
}

TEST(EventFeed, what_was_written_after_all_is_not_shown_twice) {
    EventFeed feed{{}};
    feed.start_after(2);
    feed.signalled(event(3, false));
    EXPECT_EQ(numbers(feed.read(page({3}, 3))), Numbers{3});
    EXPECT_TRUE(feed.rest().empty());
}

TEST(EventFeed, signals_of_others_are_not_shown) {
    EventFeed feed{{.vms = {"DB"}, .types = {"state"}}};
    auto mine = event(4, false);
    mine.vm = "db";  // names are compared without case
    auto other_type = event(5, false);
    other_type.vm = "db";
    other_type.type = "step";
    feed.signalled(event(3, false));
    feed.signalled(mine);
    feed.signalled(other_type);
    EXPECT_EQ(numbers(feed.rest()), Numbers{4});
}

TEST(EventFeed, does_not_grow_without_bound) {
    EventFeed feed{{}};
    for (std::uint64_t seq = 1; seq <= 100'000; ++seq) {
        feed.signalled(event(seq, false));
    }
    EXPECT_LE(feed.rest().size(), 1024U);
}

TEST(EventText, tells_a_change_of_state) {
    auto told = event(4);
    told.state = "starting";
    told.sub_state = "prestart";
    told.reason = "requested";
    told.details = {{"old-state", Value{std::string{"stopped"}}},
                    {"old-sub-state", Value{std::string{}}},
                    {"job", Value{std::uint64_t{3}}},
                    {"monotonic", Value{std::uint64_t{99}}}};
    EXPECT_EQ(happening(told, {}), "stopped -> starting/prestart (requested)");
    told.details.emplace("text", Value{std::string{"why\x1b[2J"}});
    told.details.emplace("durable", Value{false});
    EXPECT_EQ(happening(told, {}),
              "stopped -> starting/prestart (requested): why?[2J [not in the journal: it cannot be written]");
}

TEST(EventText, tells_jobs_steps_and_what_it_does_not_know) {
    auto told = event(3);
    told.type = "job-new";
    told.details = {{"command", Value{std::string{"start"}}}, {"uid", Value{std::string{"0"}}}};
    EXPECT_EQ(happening(told, {}), "job 3: start uid=0");
    told.type = "job-end";
    told.details = {{"command", Value{std::string{"start"}}},
                    {"job", Value{std::uint64_t{2}}},
                    {"result", Value{std::string{"failed"}}},
                    {"error", Value{std::string{"no disk"}}}};
    EXPECT_EQ(happening(told, {}), "job 2: start: failed: no disk");
    told.type = "step";
    told.details = {{"step", Value{std::string{"log"}}},
                    {"phase", Value{std::string{"prestart"}}},
                    {"result", Value{std::string{"ok"}}}};
    EXPECT_EQ(happening(told, {}), "prestart log: ok");
    told.type = "of-tomorrow";
    told.details = {{"colour", Value{std::string{"light blue"}}}};
    EXPECT_EQ(happening(told, {}), "colour=\"light blue\"");
}

}  // namespace
}  // namespace apiary::ctl
