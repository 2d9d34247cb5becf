// Those who follow the journal over a descriptor: what they get, at whose pace, and what they cost.
#include "bus/journal_streams.hpp"

#include <gmock/gmock.h>

#include <numeric>

#include "bus/errors.hpp"
#include "bus/journal_line.hpp"
#include "support/fake_loop.hpp"
#include "unit/bus/fake_engine.hpp"
#include "unit/bus/stream_reader.hpp"
#include "unit/bus/user.hpp"

namespace apiary::bus {
namespace {

using ::testing::ElementsAre;
using testing::FakeEngine;
using ::testing::HasSubstr;
using testing::StreamReader;
using testing::user;

constexpr uid_t alice = 1001, bob = 1002;
constexpr gid_t watchers = 77;

class Streams : public ::testing::Test {
protected:
    auto open(uid_t uid, std::uint64_t after = 0, JournalQuery query = {}, std::vector<gid_t> groups = {})
        -> StreamReader {
        StreamReader reader{streams.open(user(uid, std::move(groups)), std::move(query), after)};
        loop.run_ready();
        return reader;
    }
    // So many events of a VM, in one turn that nobody was told of yet.
    auto gathered(std::size_t count = 1, std::string const& vm = "web", uid_t owner = 0, std::size_t details = 0)
        -> Turn {
        Turn turn;
        for (std::size_t i = 0; i < count; ++i) {
            Event event;
            event.vm = vm;
            event.vm_seq = ++vm_seqs[vm];
            event.audience = {.owner = owner, .group = {}, .visibility = Visibility::owner};
            if (details > 0) {
                event.details["text"] = std::string(details, 'x');
            }
            engine.fake_journal().append(event);
            turn.events.push_back(event);
        }
        return turn;
    }
    void happen(std::size_t count, std::string const& vm = "web", uid_t owner = 0, std::size_t details = 0) {
        streams.on_turn(gathered(count, vm, owner, details));
        loop.run_ready();
    }
    // The numbers of the events among the lines.
    static auto numbers(std::vector<std::string> const& lines) -> std::vector<std::uint64_t> {
        std::vector<std::uint64_t> all;
        for (auto const& line : lines) {
            if (line.starts_with(R"({"seq":)")) {
                all.push_back(std::stoull(line.substr(7)));
            }
        }
        return all;
    }
    static auto from_to(std::uint64_t first, std::uint64_t last) -> std::vector<std::uint64_t> {
        std::vector<std::uint64_t> all(last - first + 1);
        std::iota(all.begin(), all.end(), first);
        return all;
    }

    test::FakeLoop loop;
    FakeEngine engine;
    JournalStreams streams{loop, engine, {.observers = watchers, .master = {}}};
    std::map<std::string, std::uint64_t> vm_seqs;
};

TEST_F(Streams, what_there_is_and_what_comes) {
    happen(2);
    auto reader = open(0);
    EXPECT_THAT(reader.lines(), ElementsAre(R"({"control":"begin","after":0,"stream":"fake-stream"})",
                                            HasSubstr(R"({"seq":1,"vm_seq":1,"stream":"fake-stream","time":)"),
                                            HasSubstr(R"({"seq":2,"vm_seq":2,)"),
                                            R"({"control":"through","seq":2,"stream":"fake-stream"})"));
    happen(1);
    EXPECT_THAT(reader.lines(), ElementsAre(HasSubstr(R"({"seq":3,)")));
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(Streams, each_sees_what_he_may) {
    auto root = open(0), owner = open(alice), stranger = open(bob), observer = open(bob, 0, {}, {watchers});
    happen(3, "hers", alice);
    happen(2, "his", bob);
    happen(1, "", 0);
    EXPECT_EQ(numbers(root.lines()), from_to(1, 6));
    EXPECT_EQ(numbers(observer.lines()), from_to(1, 6));
    EXPECT_EQ(numbers(owner.lines()), from_to(1, 3));
    EXPECT_EQ(numbers(stranger.lines()), from_to(4, 5));
}

TEST_F(Streams, what_is_passed_over_is_told_as_a_position_and_not_each_time) {
    auto stranger = open(bob);
    EXPECT_EQ(stranger.lines().size(), 2U);  // begin, through
    for (int turn = 0; turn < 50; ++turn) {
        happen(10, "hers", alice);
    }
    EXPECT_TRUE(stranger.lines().empty());
    EXPECT_EQ(loop.armed_timers(), 1U);
    loop.advance(std::chrono::seconds{1});
    EXPECT_THAT(stranger.lines(), ElementsAre(R"({"control":"through","seq":500,"stream":"fake-stream"})"));
    EXPECT_EQ(loop.armed_timers(), 0U);  // at rest there is none
}

TEST_F(Streams, filters) {
    happen(1, "web");
    happen(1, "db");
    auto reader = open(0, 0, {.names = SignalFilter{{"DB"}, {}}});
    EXPECT_EQ(numbers(reader.lines()), from_to(2, 2));
}

TEST_F(Streams, what_is_not_written_yet_is_not_told) {
    auto reader = open(0);
    Event gathered;
    gathered.vm = "web";
    engine.fake_journal().append(gathered);
    EXPECT_EQ(streams.published(), 0U);
    auto late = open(0);
    EXPECT_TRUE(numbers(reader.lines()).empty());
    EXPECT_TRUE(numbers(late.lines()).empty());
    Turn turn;
    turn.events.push_back(gathered);
    streams.on_turn(turn);
    loop.run_ready();
    EXPECT_EQ(numbers(reader.lines()), from_to(1, 1));
    EXPECT_EQ(numbers(late.lines()), from_to(1, 1));
}

// One does not read at all; the other has everything at once, in order; and nothing is kept for the first but what his
// socket has.
TEST_F(Streams, a_reader_who_stops_harms_nobody) {
    auto stopped = open(0), quick = open(0);
    std::vector<std::uint64_t> seen;
    for (int turn = 0; turn < 100; ++turn) {
        happen(100, "web", 0, 500);
        auto const some = numbers(quick.lines());
        seen.insert(seen.end(), some.begin(), some.end());
    }
    EXPECT_EQ(seen, from_to(1, 10'000));
    auto lines = stopped.lines();
    EXPECT_LT(lines.size(), 1'000U);
    // He goes on where he was.
    std::vector<std::string> all = lines;
    for (int round = 0; round < 1000 && all.size() < 10'002; ++round) {
        loop.run_ready();
        lines = stopped.lines();
        if (all.back().back() != '}') {
            all.back() += lines.front();
            lines.erase(lines.begin());
        }
        all.insert(all.end(), lines.begin(), lines.end());
    }
    EXPECT_EQ(numbers(all), from_to(1, 10'000));
}

// What one turn of the loop costs does not grow with the readers who are far behind, nor with what their filters pass
// over.
TEST_F(Streams, one_reader_at_a_time_reads_far_back) {
    engine.fake_journal().looks_at = 2000;
    happen(20'000);
    auto const most_in_a_turn = [&](JournalQuery const& query) {
        std::vector<StreamReader> readers;
        for (std::size_t i = 0; i < JournalStreams::max_of_user; ++i) {
            readers.emplace_back(streams.open(user(0, {}), query, 0));
        }
        std::size_t most = 0, before = engine.fake_journal().reads();
        int turns = 0;
        std::function<void()> const turn = [&] {
            auto const now = engine.fake_journal().reads();
            most = std::max(most, now - std::exchange(before, now));
            if (++turns < 2000) {
                loop.post(turn);
            }
        };
        loop.post(turn);
        loop.run_ready();
        for (auto& reader : readers) {
            auto const lines = reader.lines();
            EXPECT_TRUE(query.names.wants_type("notice") ||
                        lines.back() == R"({"control":"through","seq":20000,"stream":"fake-stream"})");
        }
        readers.clear();
        loop.run_ready();
        return most;
    };
    EXPECT_EQ(most_in_a_turn({.names = SignalFilter{{}, {"console"}}}), 1U);
    EXPECT_EQ(most_in_a_turn({}), 8U);  // pages of what he wants
}

// Beside those, who is up to date hears of the next event in the turn in which it happens.
TEST_F(Streams, who_is_far_behind_is_nobodys_hindrance) {
    engine.fake_journal().looks_at = 2000;
    happen(20'000);
    auto quick = open(0, 20'000);
    std::vector<StreamReader> far;
    for (std::size_t i = 0; i < JournalStreams::max_of_user; ++i) {
        far.emplace_back(streams.open(user(alice, {}), {}, 0));
    }
    streams.on_turn(gathered());
    auto const before = engine.fake_journal().reads();
    std::vector<std::uint64_t> told;
    loop.before_each = [&] {
        if (engine.fake_journal().reads() > before + 2 && told.empty()) {
            told = numbers(quick.lines());
            EXPECT_EQ(told, from_to(20'001, 20'001));
        }
    };
    loop.run_ready();
    loop.before_each = {};
    EXPECT_FALSE(told.empty());
}

TEST_F(Streams, who_is_left_behind_is_told_and_that_is_the_end) {
    auto slow = open(0);
    happen(3000, "web", 0, 500);
    engine.fake_journal().drop_oldest(2900);
    std::string text;
    for (int round = 0; round < 1000 && !slow.ended(); ++round) {
        text += slow.read();
        loop.run_ready();
    }
    EXPECT_TRUE(text.ends_with("{\"control\":\"truncated\",\"oldest\":2901,\"stream\":\"fake-stream\"}\n"));
    EXPECT_EQ(streams.open_now(), 0U);
}

TEST_F(Streams, ends_when_the_reader_goes_or_speaks) {
    auto gone = open(0), speaks = open(0);
    EXPECT_EQ(streams.open_now(), 2U);
    gone.close();
    ASSERT_EQ(::send(speaks.fd(), "x", 1, 0), 1);
    loop.run_ready();
    EXPECT_EQ(streams.open_now(), 0U);
    happen(1);
}

TEST_F(Streams, so_many_and_no_more) {
    std::vector<StreamReader> readers;
    for (std::size_t i = 0; i < JournalStreams::max_of_user; ++i) {
        readers.push_back(open(alice));
    }
    EXPECT_THROW(static_cast<void>(open(alice)), Fault);
    for (uid_t uid = 2000; streams.open_now() < JournalStreams::max_of_others; ++uid) {
        for (std::size_t i = 0; i < JournalStreams::max_of_user && streams.open_now() < JournalStreams::max_of_others;
             ++i) {
            readers.push_back(open(uid));
        }
    }
    EXPECT_THROW(static_cast<void>(open(bob)), Fault);
    readers.push_back(open(0));  // root's places are his own
    readers.front().close();
    loop.run_ready();
    readers.push_back(open(alice));
    EXPECT_EQ(streams.open_now(), JournalStreams::max_of_others + 1);
}

TEST_F(Streams, a_planned_end_tells_what_is_left_to_tell) {
    auto reader = open(0);
    streams.on_turn(gathered());
    streams.close();
    EXPECT_EQ(numbers(reader.lines()), from_to(1, 1));
    EXPECT_TRUE(reader.ended());
    loop.run_ready();
}

TEST(JournalPosition, what_is_not_all_there_is_refused) {
    testing::FakeJournal journal;
    for (int i = 0; i < 10; ++i) {
        Event event;
        journal.append(event);
    }
    journal.drop_oldest(4);
    auto const position = [&](std::string const& stream, std::uint64_t after, bool from_oldest = false) {
        return journal_position(journal, 10, stream, after, from_oldest);
    };
    EXPECT_EQ(position("", 4), 4U);
    EXPECT_EQ(position("fake-stream", 10), 10U);
    EXPECT_EQ(position("other", 7, true), 4U);
    EXPECT_EQ(position("", 0, true), 4U);
    for (auto const& [stream, after] : {std::pair{"", 3}, {"", 11}, {"other", 7}}) {
        try {
            static_cast<void>(position(stream, static_cast<std::uint64_t>(after)));
            ADD_FAILURE() << stream << ' ' << after;
        } catch (Fault const& fault) {
            EXPECT_EQ(fault.error(), Error::journal_truncated);
            EXPECT_TRUE(std::string_view{fault.what()}.ends_with("oldest=5 stream=fake-stream")) << fault.what();
        }
    }
    EXPECT_THROW(static_cast<void>(position("", ~std::uint64_t{0})), Fault);
}

TEST(JournalLines, whatever_is_said_stays_one_line) {
    Event event;
    event.vm = "web";
    event.details["text"] = "two\nlines \"quoted\" \xff \x01";
    std::string line;
    JournalLines{"s"}.event(event, line);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_THAT(line, HasSubstr(R"("text":"two\nlines \"quoted\" )"));
}

}  // namespace
}  // namespace apiary::bus
