// What a journal makes of a disk that fails, of a power cut, of a file that is none, and of being killed at any
// instant.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>

#include "store/schema.hpp"
#include "unit/store/journal_fixture.hpp"

namespace apiary::store {
namespace {

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

// What is there is not counted anew for each turn of a disk that takes nothing, nor counted twice.
TEST_F(SqliteJournalTest, ADiskThatTakesNothingCostsNoSearch) {
    options_.max_bytes = 100 * 200;
    open();
    fill(50);
    int searches = 0;
    sqlite3_trace_v2(
        journal_->database().handle(), SQLITE_TRACE_STMT,
        [](unsigned, void* count, void*, void* sql) {
            *static_cast<int*>(count) +=
                std::string_view{static_cast<char const*>(sql)}.find("sum(") != std::string_view::npos ? 1 : 0;
            return 0;
        },
        &searches);
    {
        NoGrowth const limit;
        add();
        for (int i = 0; i < 100; ++i) {
            EXPECT_FALSE(journal_->commit());
        }
    }
    EXPECT_TRUE(journal_->commit());
    sqlite3_trace_v2(journal_->database().handle(), 0, nullptr, nullptr);
    EXPECT_EQ(searches, 0);
    fill(10);
    EXPECT_EQ(journal_->read(0, 1, all).oldest, 1U);
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

// A VM whose events were all among those that were too many counts on all the same.
TEST_F(SqliteJournalTest, TheLastEventOfAVmIsKnownWhereItCouldNotBeKept) {
    options_.backlog = 4;
    open();
    add("quiet");
    journal_->database().run("PRAGMA query_only = 1");
    for (int i = 0; i < 10; ++i) {
        add(i == 0 ? "quiet" : "loud");
        EXPECT_FALSE(journal_->commit());
    }
    journal_->database().run("PRAGMA query_only = 0");
    ASSERT_TRUE(journal_->commit());
    EXPECT_EQ(journal_->last_of("quiet"), 2U);
    open();
    EXPECT_EQ(journal_->last_of("quiet"), 2U);
    EXPECT_EQ(journal_->last_of("loud"), 11U);
}

// A reload asks for it, half-way through what it does.
TEST_F(SqliteJournalTest, TheLastEventOfAVmNeedsNoDisk) {
    open();
    add("web");
    ASSERT_TRUE(journal_->commit());
    open();
    journal_->database().run("DROP TABLE vm");
    EXPECT_EQ(journal_->last_of("web"), 1U);
    EXPECT_EQ(journal_->last_of("never seen"), 0U);
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

// Whose file it is, is asked before anything is done to it.
TEST_F(SqliteJournalTest, AFileThatIsNoneOfOursIsNotTouched) {
    auto const content = [this] {
        std::ifstream file{options_.path, std::ios::binary};
        return std::string{std::istreambuf_iterator<char>{file}, {}};
    };
    { Sqlite{options_.path, Sqlite::Mode::create}.run("CREATE TABLE other (x)"); }
    auto const foreign = content();
    EXPECT_THROW(open(), SchemaError);
    EXPECT_TRUE(content() == foreign);
    std::filesystem::remove(options_.path);
    open();
    journal_.reset();
    { Sqlite{options_.path, Sqlite::Mode::existing}.run("PRAGMA journal_mode = DELETE; PRAGMA user_version = 999"); }
    auto const later = content();
    EXPECT_THROW(open(), SchemaError);
    EXPECT_TRUE(content() == later);
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
