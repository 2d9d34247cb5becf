// The journal in memory: its numbers, its bound, and what a reader who comes late is told.
#include "store/ring_journal.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace apiary::store {
namespace {

auto all(Event const&) -> bool {
    return true;
}

auto event(std::string vm = "vm", EventType type = EventType::notice) -> Event {
    Event made;
    made.vm = std::move(vm);
    made.type = type;
    return made;
}

auto filled(std::size_t capacity, std::size_t events) -> RingJournal {
    RingJournal journal{"stream", capacity};
    for (std::size_t i = 0; i < events; ++i) {
        auto made = event(i % 2 == 0 ? "even" : "odd");
        journal.append(made);
    }
    return journal;
}

auto numbers(Journal::Page const& page) -> std::vector<std::uint64_t> {
    std::vector<std::uint64_t> found;
    for (auto const* const one : page.events) {
        found.push_back(one->seq);
    }
    return found;
}

using Numbers = std::vector<std::uint64_t>;

TEST(RingJournal, CountsFromOne) {
    RingJournal journal{"stream", 10};
    EXPECT_EQ(journal.last(), 0U);
    auto first = event();
    journal.append(first);
    EXPECT_EQ(first.seq, 1U);
    EXPECT_EQ(first.job, 0U);
    auto job = event("vm", EventType::job_new);
    job.job = 77;
    journal.append(job);
    EXPECT_EQ(job.seq, 2U);
    EXPECT_EQ(job.job, 2U);  // its own number
    EXPECT_TRUE(journal.commit());
    EXPECT_EQ(journal.stream(), "stream");
}

TEST(RingJournal, AnEmptyOne) {
    RingJournal const journal{"stream", 10};
    auto const page = journal.read(0, 10, all);
    EXPECT_TRUE(page.events.empty());
    EXPECT_EQ(page.complete_through, 0U);
    EXPECT_EQ(page.oldest, 0U);
    EXPECT_FALSE(page.truncated);
}

TEST(RingJournal, ReadsOnFromWhereItWas) {
    auto const journal = filled(10, 5);
    EXPECT_EQ(numbers(journal.read(0, 2, all)), (Numbers{1, 2}));
    auto const page = journal.read(2, 10, all);
    EXPECT_EQ(numbers(page), (Numbers{3, 4, 5}));
    EXPECT_EQ(page.complete_through, 5U);
    auto const end = journal.read(5, 10, all);
    EXPECT_TRUE(end.events.empty());
    EXPECT_EQ(end.complete_through, 5U);
    EXPECT_FALSE(end.truncated);
}

TEST(RingJournal, OldOnesGoFirst) {
    auto const journal = filled(4, 10);
    auto const late = journal.read(0, 10, all);
    EXPECT_TRUE(late.truncated);
    EXPECT_TRUE(late.events.empty());
    EXPECT_EQ(late.oldest, 7U);
    EXPECT_TRUE(journal.read(5, 10, all).truncated);
    auto const just = journal.read(6, 10, all);
    EXPECT_FALSE(just.truncated);
    EXPECT_EQ(numbers(just), (Numbers{7, 8, 9, 10}));
}

TEST(RingJournal, AFilterLooksOn) {
    auto const journal = filled(100, 10);
    auto const odd = [](Event const& one) { return one.vm == "odd"; };
    auto const page = journal.read(0, 2, odd);
    EXPECT_EQ(numbers(page), (Numbers{2, 4}));
    EXPECT_EQ(page.complete_through, 4U);
    auto const none = journal.read(0, 2, [](Event const&) { return false; });
    EXPECT_TRUE(none.events.empty());
    EXPECT_EQ(none.complete_through, 10U);
}

TEST(RingJournal, OneAnswerLooksAtABoundedNumber) {
    auto const journal = filled(50'000, 50'000);
    auto const none = [](Event const&) { return false; };
    std::uint64_t after = 0;
    int calls = 0;
    while (after < journal.last()) {
        auto const page = journal.read(after, 10, none);
        ASSERT_GT(page.complete_through, after);
        after = page.complete_through;
        ++calls;
    }
    EXPECT_EQ(calls, 3);
}

TEST(RingJournal, StrangeQuestions) {
    auto const journal = filled(4, 10);
    EXPECT_TRUE(journal.read(6, 0, all).events.empty());
    EXPECT_EQ(journal.read(6, 0, all).complete_through, 6U);
    for (auto const after : {std::uint64_t{11}, std::numeric_limits<std::uint64_t>::max()}) {
        auto const page = journal.read(after, 10, all);  // of a stream that went on further
        EXPECT_TRUE(page.events.empty());
        EXPECT_EQ(page.complete_through, 10U);
        EXPECT_FALSE(page.truncated);
    }
}

TEST(RingJournal, ABoundOfNothingStillTellsThatSomethingIsLost) {
    auto const journal = filled(0, 3);
    EXPECT_EQ(journal.last(), 3U);
    EXPECT_TRUE(journal.read(0, 10, all).truncated);
    EXPECT_FALSE(journal.read(3, 10, all).truncated);
}

TEST(StreamId, IsLongAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        auto const id = make_stream_id();
        EXPECT_EQ(id.size(), 32U);
        EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
        EXPECT_TRUE(seen.insert(id).second);
    }
}

}  // namespace
}  // namespace apiary::store
