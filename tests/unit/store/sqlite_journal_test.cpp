// The durable journal: what was committed is there again, and bounds hold.
#include "store/sqlite_journal.hpp"

#include <gtest/gtest.h>

#include "unit/store/journal_fixture.hpp"

namespace apiary::store {
namespace {

TEST_F(SqliteJournalTest, IsThereAgain) {
    open();
    auto const stream = journal_->stream();
    EXPECT_EQ(stream.size(), 32U);
    EXPECT_EQ(journal_->last(), 0U);
    add("web", {{"step", "network"}, {"text", "tap \"x\"\n"}});
    add("Ünicode \xff", {{"text", "no utf-8: \xff"}});
    ASSERT_TRUE(journal_->commit());
    auto const before = *journal_->read(0, 10, all).events.front();

    open();
    EXPECT_EQ(journal_->stream(), stream);
    EXPECT_EQ(journal_->last(), 2U);
    auto const page = journal_->read(0, 10, all);
    ASSERT_EQ(page.events.size(), 2U);
    EXPECT_EQ(page.complete_through, 2U);
    EXPECT_EQ(page.oldest, 1U);
    auto const& after = *page.events.front();
    EXPECT_EQ(after.seq, before.seq);
    EXPECT_EQ(after.vm_seq, before.vm_seq);
    EXPECT_EQ(after.wall, before.wall);
    EXPECT_EQ(after.mono, before.mono);
    EXPECT_EQ(after.vm, "web");
    EXPECT_EQ(after.type, EventType::state);
    EXPECT_EQ(after.state, State::running);
    EXPECT_EQ(after.sub_state, SubState::rebooting);
    EXPECT_EQ(after.old_state, State::starting);
    EXPECT_EQ(after.old_sub_state, SubState::launching);
    EXPECT_EQ(after.reason, Reason::guest_reboot);
    EXPECT_EQ(after.job, 3U);
    EXPECT_EQ(after.incarnation, 4U);
    EXPECT_EQ(after.details, before.details);
    EXPECT_EQ(after.audience, before.audience);
    EXPECT_TRUE(after.durable);
    EXPECT_EQ(page.events[1]->details.at("text"), "no utf-8: \xef\xbf\xbd");
    EXPECT_EQ(journal_->last_of("web"), 1U);
    EXPECT_EQ(journal_->last_of("never seen"), 0U);

    EXPECT_EQ(add(), 3U);
}

TEST_F(SqliteJournalTest, WhatWasNotCommittedIsNotThere) {
    open();
    add();
    ASSERT_TRUE(journal_->commit());
    add();
    open();
    EXPECT_EQ(journal_->last(), 1U);
}

TEST_F(SqliteJournalTest, AJobIsNumberedByItsEvent) {
    open();
    add();
    Event event;
    event.type = EventType::job_new;
    journal_->append(event);
    EXPECT_EQ(event.seq, 2U);
    EXPECT_EQ(event.job, 2U);
}

TEST_F(SqliteJournalTest, ReadsOldOnesFromTheFileAndNewOnesFromMemory) {
    options_.recent = 10;
    open();
    for (int i = 0; i < 100; ++i) {
        add(i % 2 == 0 ? "even" : "odd");
    }
    ASSERT_TRUE(journal_->commit());
    auto const odd = [](Event const& event) { return event.vm == "odd"; };
    std::uint64_t after = 0;
    std::size_t seen = 0;
    while (after < journal_->last()) {
        auto const page = journal_->read(after, 7, odd);
        for (auto const* event : page.events) {
            EXPECT_EQ(event->vm, "odd");
            EXPECT_GT(event->seq, after);
            ++seen;
        }
        ASSERT_GT(page.complete_through, after);
        EXPECT_FALSE(page.truncated);
        after = page.complete_through;
    }
    EXPECT_EQ(seen, 50U);
    EXPECT_TRUE(journal_->read(100, 7, all).events.empty());
    EXPECT_TRUE(journal_->read(1000, 7, all).events.empty());
}

TEST_F(SqliteJournalTest, IsBoundedBySize) {
    options_.max_bytes = 100 * 200;
    options_.recent = 10;
    open();
    fill(1000);
    auto const page = journal_->read(900, 1000, all);
    EXPECT_GT(page.oldest, 800U);
    EXPECT_LT(page.oldest, 900U);
    EXPECT_EQ(page.events.size(), 100U);
    auto const old = journal_->read(5, 10, all);
    EXPECT_TRUE(old.truncated);
    EXPECT_EQ(old.oldest, page.oldest);
    open();
    EXPECT_EQ(journal_->read(0, 1, all).oldest, page.oldest);
}

TEST_F(SqliteJournalTest, IsBoundedByAgeButItsLastNumberStays) {
    options_.max_age = std::chrono::hours{1};
    open();
    fill(100);
    loop_.advance(std::chrono::hours{2});
    fill(10);  // each commit takes some of the old ones with it
    EXPECT_EQ(journal_->read(0, 1, all).oldest, 101U);
    loop_.advance(std::chrono::hours{2});
    fill(1);
    EXPECT_EQ(journal_->last(), 111U);
    open();
    EXPECT_EQ(journal_->last(), 111U);
}

TEST_F(SqliteJournalTest, TheLogOfTheDatabaseStaysShort) {
    options_.checkpoint_pages = 50;
    open();
    for (int i = 0; i < 2000; ++i) {
        add();
        ASSERT_TRUE(journal_->commit());
        loop_.run_ready();
    }
    EXPECT_LT(wal_size(), std::uintmax_t{100} * 4200);
    open();
    EXPECT_EQ(journal_->last(), 2000U);
}

TEST_F(SqliteJournalTest, IsNotReadyWhileARoundEnds) {
    SlowPool loop;
    options_.checkpoint_pages = 1;
    journal_.emplace(loop, options_);
    add();
    ASSERT_TRUE(journal_->commit());
    ASSERT_EQ(loop.waiting.size(), 1U);
    EXPECT_TRUE(journal_->ready());  // the long part goes on beside the loop
    add();
    EXPECT_TRUE(journal_->commit());
    loop.work();
    ASSERT_EQ(loop.waiting.size(), 1U);
    EXPECT_FALSE(journal_->ready());
    int told = 0;
    journal_->when_ready([&] { ++told; });
    EXPECT_EQ(told, 0);
    loop.work();
    EXPECT_TRUE(journal_->ready());
    EXPECT_EQ(told, 1);
    EXPECT_TRUE(loop.waiting.empty());
    add();
    EXPECT_TRUE(journal_->commit());
    EXPECT_EQ(journal_->last(), 3U);
}

TEST_F(SqliteJournalTest, MayGoWhileTheLogIsCarried) {
    SlowPool loop;
    options_.checkpoint_pages = 1;
    journal_.emplace(loop, options_);
    add();
    ASSERT_TRUE(journal_->commit());
    journal_.reset();
    while (!loop.waiting.empty()) {
        loop.work();
    }
    open();
    EXPECT_EQ(journal_->last(), 1U);
}

}  // namespace
}  // namespace apiary::store
