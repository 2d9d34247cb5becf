// What comes over the stream of events, and how events are shown.
#include "ctl/event_feed.hpp"

#include <gtest/gtest.h>

#include "ctl/event_text.hpp"
#include "ctl/failure.hpp"

namespace apiary::ctl {
namespace {

auto event(std::uint64_t seq) -> Event {
    Event made;
    made.seq = seq;
    made.vm = "web";
    made.type = "state";
    return made;
}

auto line(std::uint64_t seq, std::string const& vm = "web", std::string const& type = "state") -> std::string {
    return R"({"seq":)" + std::to_string(seq) + R"(,"vm_seq":1,"stream":"s","time":5,"vm":")" + vm + R"(","type":")" +
           type +
           R"(","state":"running","sub_state":"","reason":"requested","details":{"job":7,"durable":false,)"
           R"("text":"x","new":[1]},"of-tomorrow":{}})"
           "\n";
}

auto numbers(std::vector<Event> const& events) -> std::vector<std::uint64_t> {
    std::vector<std::uint64_t> all;
    for (auto const& one : events) {
        all.push_back(one.seq);
    }
    return all;
}

using Numbers = std::vector<std::uint64_t>;

TEST(EventFeed, lines_become_events) {
    EventFeed feed{{}};
    feed.begin(2);
    auto const events = feed.take(R"({"control":"begin","after":2,"stream":"s"})"
                                  "\n" +
                                  line(3));
    ASSERT_EQ(numbers(events), Numbers{3});
    auto const& one = events.front();
    EXPECT_EQ(one.vm_seq, 1U);
    EXPECT_EQ(one.time, 5U);
    EXPECT_EQ(one.vm + one.type + one.state + one.sub_state + one.reason, "webstaterunningrequested");
    EXPECT_EQ(number_of(one.details, "job"), 7U);
    EXPECT_FALSE(flag_of(one.details, "durable", true));
    EXPECT_EQ(text_of(one.details, "new"), "[1]");
    EXPECT_EQ(feed.after(), 3U);
    EXPECT_FALSE(feed.caught_up());
}

TEST(EventFeed, in_whatever_pieces_they_come) {
    auto const all = line(3) + line(4) +
                     R"({"control":"through","seq":9,"stream":"s"})"
                     "\n" +
                     line(10);
    for (std::size_t piece = 1; piece <= all.size(); ++piece) {
        EventFeed feed{{}};
        feed.begin(2);
        Numbers seen;
        for (std::size_t at = 0; at < all.size(); at += piece) {
            for (auto const number : numbers(feed.take(all.substr(at, piece)))) {
                seen.push_back(number);
            }
        }
        ASSERT_EQ(seen, (Numbers{3, 4, 10})) << piece;
        ASSERT_TRUE(feed.caught_up());
    }
}

TEST(EventFeed, a_stream_may_end_in_the_middle_of_a_line) {
    EventFeed feed{{}};
    feed.begin(2);
    EXPECT_EQ(numbers(feed.take(line(3) + line(4).substr(0, 20))), Numbers{3});
    feed.begin(feed.after());
    EXPECT_EQ(numbers(feed.take(line(4) + line(5))), (Numbers{4, 5}));
}

TEST(EventFeed, nothing_comes_twice) {
    EventFeed feed{{}};
    feed.begin(4);
    EXPECT_EQ(numbers(feed.take(line(3) + line(4) + line(5) + line(5))), Numbers{5});
}

TEST(EventFeed, positions_and_the_end) {
    EventFeed feed{{}};
    feed.begin(4);
    EXPECT_TRUE(feed.take("{\"control\":\"through\",\"seq\":9}\n{\"control\":\"of-tomorrow\"}\n").empty());
    EXPECT_EQ(feed.after(), 9U);
    EXPECT_FALSE(feed.truncated());
    EXPECT_TRUE(feed.take("{\"control\":\"truncated\",\"oldest\":20}\n").empty());
    EXPECT_EQ(feed.truncated(), 20U);
    feed.begin(19);
    EXPECT_FALSE(feed.truncated());
}

TEST(EventFeed, what_is_not_asked_for_is_not_shown) {
    EventFeed feed{{.vms = {"DB"}, .types = {"state"}}};
    feed.begin(0);
    EXPECT_EQ(numbers(feed.take(line(1) + line(2, "db") + line(3, "db", "step"))), Numbers{2});
    EXPECT_EQ(feed.after(), 3U);
}

TEST(EventFeed, what_is_no_stream_of_events_is_told) {
    EventFeed feed{{}};
    EXPECT_THROW(static_cast<void>(feed.take("hello\n")), Failure);
    EXPECT_THROW(
        {
            for (int i = 0; i < 200; ++i) {
                static_cast<void>(feed.take(std::string(65536, 'x')));
            }
        },
        Failure);
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
