// The durable journal: what was committed is there again, bounds hold, and a disk that fails costs no event that fits.
#include "store/sqlite_journal.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "store/schema.hpp"
#include "support/fake_loop.hpp"

namespace apiary::store {
namespace {

auto all(Event const&) -> bool {
    return true;
}

class SqliteJournalTest : public testing::Test {
protected:
    SqliteJournalTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "apiary-store-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        options_.path = folder_ / "state.db";
        options_.undurable_path = folder_ / "undurable";
    }
    ~SqliteJournalTest() override { std::filesystem::remove_all(folder_); }

    void open() {
        journal_.reset();
        journal_.emplace(loop_, options_);
    }
    auto add(std::string vm = "web", std::map<std::string, std::string> details = {}) -> std::uint64_t {
        Event event;
        event.vm = std::move(vm);
        event.vm_seq = ++vm_seq_;
        event.wall = loop_.wall();
        event.mono = loop_.now();
        event.type = EventType::state;
        event.state = State::running;
        event.sub_state = SubState::rebooting;
        event.old_state = State::starting;
        event.old_sub_state = SubState::launching;
        event.reason = Reason::guest_reboot;
        event.job = 3;
        event.incarnation = 4;
        event.details = std::move(details);
        event.audience = {.owner = 1001, .group = 50, .visibility = Visibility::all};
        journal_->append(event);
        return event.seq;
    }
    void fill(int count) {
        for (int i = 0; i < count; ++i) {
            add();
            ASSERT_TRUE(journal_->commit());
        }
    }
    [[nodiscard]] auto wal_size() const -> std::uintmax_t { return std::filesystem::file_size(options_.path + "-wal"); }

    std::filesystem::path folder_;
    test::FakeLoop loop_;
    JournalOptions options_;
    std::optional<SqliteJournal> journal_;
    std::uint64_t vm_seq_ = 0;
};

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

// Work for the pool is done when the test says so.
class SlowPool : public test::FakeLoop {
public:
    void offload(Callback work, Callback done) override {
        waiting.push_back([this, work = std::move(work), done = std::move(done)]() mutable {
            work();
            post(std::move(done));
        });
    }
    void work() {
        auto next = std::move(waiting.front());
        waiting.pop_front();
        next();
        run_ready();
    }
    std::deque<Callback> waiting;
};

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

// Real write errors: no file may grow.
class NoGrowth {
public:
    NoGrowth() {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit const none{0, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    ~NoGrowth() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    NoGrowth(NoGrowth const&) = delete;
    auto operator=(NoGrowth const&) -> NoGrowth& = delete;

private:
    rlimit before_{};
};

TEST_F(SqliteJournalTest, KeepsWhatADiskDoesNotTake) {
    open();
    fill(3);
    {
        NoGrowth const limit;
        add();
        add();
        EXPECT_FALSE(journal_->commit());
        EXPECT_FALSE(journal_->fault().empty());
        EXPECT_FALSE(journal_->commit());
        auto const page = journal_->read(3, 10, all);
        ASSERT_EQ(page.events.size(), 2U);
        EXPECT_FALSE(page.events[0]->durable);
    }
    add();
    EXPECT_TRUE(journal_->commit());
    EXPECT_TRUE(journal_->fault().empty());
    auto const stream = journal_->stream();
    open();
    EXPECT_EQ(journal_->stream(), stream);
    auto const page = journal_->read(3, 10, all);
    ASSERT_EQ(page.events.size(), 3U);
    EXPECT_FALSE(page.events[0]->durable);
    EXPECT_FALSE(page.events[1]->durable);
    EXPECT_TRUE(page.events[2]->durable);
}

TEST_F(SqliteJournalTest, NumbersThatWereGivenAndLostBelongToAnotherStream) {
    open();
    fill(3);
    auto const stream = journal_->stream();
    {
        // The byte of the mark takes no space: only the database cannot be written.
        std::ofstream{options_.undurable_path} << '0';
        NoGrowth const limit;
        rlimit const one{1, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &one);
        add();
        EXPECT_FALSE(journal_->commit());
        journal_.reset();
    }
    open();
    EXPECT_NE(journal_->stream(), stream);
    EXPECT_EQ(journal_->last(), 3U);
    auto const second = journal_->stream();
    open();
    EXPECT_EQ(journal_->stream(), second);
}

// The power may have been cut: what was published last may be lost, so its numbers may not be given again.
TEST_F(SqliteJournalTest, AnotherBootIsAnotherStream) {
    options_.boot = "boot 1";
    open();
    fill(3);
    auto const stream = journal_->stream();
    open();
    EXPECT_EQ(journal_->stream(), stream);
    options_.boot = "boot 2";
    open();
    EXPECT_NE(journal_->stream(), stream);
    EXPECT_EQ(journal_->last(), 3U);
}

TEST_F(SqliteJournalTest, AnOrderlyEndKeepsTheStreamOverABoot) {
    options_.boot = "boot 1";
    open();
    fill(3);
    add();
    journal_->settle();
    auto const stream = journal_->stream();
    options_.boot = "boot 2";
    open();
    EXPECT_EQ(journal_->stream(), stream);
    EXPECT_EQ(journal_->last(), 4U);
    options_.boot = "boot 3";  // boot 2 had no orderly end
    open();
    EXPECT_NE(journal_->stream(), stream);
}

TEST_F(SqliteJournalTest, TellsOfWhatWasTooMuchToKeep) {
    options_.backlog = 4;
    open();
    fill(2);
    journal_->database().run("PRAGMA query_only = 1");  // refuses every write
    for (int i = 0; i < 10; ++i) {
        add();
        EXPECT_FALSE(journal_->commit());
    }
    journal_->database().run("PRAGMA query_only = 0");
    ASSERT_TRUE(journal_->commit());
    open();
    auto const page = journal_->read(2, 20, all);
    ASSERT_EQ(page.events.size(), 5U);
    auto const& gap = *page.events[0];
    EXPECT_EQ(gap.seq, 8U);
    EXPECT_EQ(gap.type, EventType::notice);
    EXPECT_EQ(gap.details.at("lost-from"), "3");
    EXPECT_EQ(gap.details.at("lost-through"), "8");
    EXPECT_FALSE(gap.durable);
    EXPECT_EQ(page.events[1]->seq, 9U);
    EXPECT_EQ(page.complete_through, 12U);
}

TEST_F(SqliteJournalTest, SaysWhatIsWrongWithAFile) {
    std::ofstream{options_.path} << std::string(10'000, 'x');
    try {
        open();
        FAIL();
    } catch (SqliteError const& error) {
        EXPECT_EQ(error.kind(), SqliteError::Kind::damaged) << error.what();
    }
    std::filesystem::remove(options_.path);
    { Sqlite{options_.path, Sqlite::Mode::create}.run("CREATE TABLE other (x)"); }
    EXPECT_THROW(open(), SchemaError);
    std::filesystem::remove(options_.path);
    open();
    journal_.reset();
    { Sqlite{options_.path, Sqlite::Mode::existing}.run("PRAGMA user_version = 999"); }
    EXPECT_THROW(open(), SchemaError);
    std::filesystem::remove(options_.path);
    std::filesystem::create_symlink("/etc/hosts", options_.path);
    EXPECT_THROW(open(), SqliteError);
}

// Killed at any instant: all that was said to be committed is there, and nothing is there twice.
TEST_F(SqliteJournalTest, SurvivesKills) {
    options_.checkpoint_pages = 20;
    std::uint64_t told = 0;
    for (int round = 0; round < 30; ++round) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        pid_t const child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            open();
            for (;;) {
                add();
                if (!journal_->commit()) {
                    ::_exit(1);
                }
                loop_.run_ready();
                auto const last = journal_->last();
                if (::write(ends[1], &last, sizeof last) != sizeof last) {
                    ::_exit(2);
                }
            }
        }
        ::close(ends[1]);
        for (int i = 0; i < 1 + round * 7 % 40; ++i) {
            ASSERT_EQ(::read(ends[0], &told, sizeof told), static_cast<ssize_t>(sizeof told));
        }
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        while (::read(ends[0], &told, sizeof told) == static_cast<ssize_t>(sizeof told)) {
        }
        ::close(ends[0]);
        open();
        ASSERT_GE(journal_->last(), told);
        ASSERT_LE(journal_->last(), told + 1);
        journal_.reset();
    }
    open();
    std::uint64_t expected = 0;
    while (expected < journal_->last()) {
        for (auto const* event : journal_->read(expected, 1000, all).events) {
            ASSERT_EQ(event->seq, ++expected);
        }
    }
}

}  // namespace
}  // namespace apiary::store
