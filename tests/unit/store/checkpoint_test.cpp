// What is synced and when, by whom, and what becomes of commits while a disk hangs in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "unit/store/journal_fixture.hpp"

namespace apiary::store {
namespace {

// Counts the files that are opened while it is there, and their syncs, and lets those hang.
class Syncs {
public:
    Syncs() {
        real = sqlite3_vfs_find(nullptr);
        counting = *real;
        counting.zName = "counts-syncs";
        counting.pNext = nullptr;
        counting.xOpen = open;
        count = opened = 0;
        sqlite3_vfs_register(&counting, 1);
    }
    ~Syncs() {
        answer();
        sqlite3_vfs_register(real, 1);
        sqlite3_vfs_unregister(&counting);
    }
    Syncs(Syncs const&) = delete;
    auto operator=(Syncs const&) -> Syncs& = delete;

    // Since the last call.
    static auto fresh() -> int {
        std::lock_guard const lock{mutex};
        return std::exchange(count, 0);
    }
    static auto opens() -> int {
        std::lock_guard const lock{mutex};
        return opened;
    }
    // From now on each sync waits for the answer.
    static void hang() {
        std::lock_guard const lock{mutex};
        hangs = true;
    }
    static void answer() {
        std::lock_guard const lock{mutex};
        hangs = false;
        changed.notify_all();
    }
    static void wait_for_one() {
        std::unique_lock lock{mutex};
        changed.wait(lock, [] { return waiting > 0; });
    }

private:
    static auto open(sqlite3_vfs*, char const* name, sqlite3_file* file, int flags, int* given) -> int {
        int const code = real->xOpen(real, name, file, flags, given);
        if (file->pMethods != nullptr) {
            std::lock_guard const lock{mutex};
            ++opened;
            auto const [methods, is_new] = tables.try_emplace(file->pMethods, *file->pMethods);
            if (is_new) {
                real_sync = methods->second.xSync;  // the same in all
                methods->second.xSync = sync;
            }
            file->pMethods = &methods->second;
        }
        return code;
    }
    static auto sync(sqlite3_file* file, int flags) -> int {
        {
            std::unique_lock lock{mutex};
            ++count;
            ++waiting;
            changed.notify_all();
            changed.wait(lock, [] { return !hangs; });
            --waiting;
        }
        return real_sync(file, flags);
    }

    // Connections may outlive a test that fails.
    static inline sqlite3_vfs* real = nullptr;
    static inline sqlite3_vfs counting{};
    static inline std::map<sqlite3_io_methods const*, sqlite3_io_methods> tables;
    static inline int (*real_sync)(sqlite3_file*, int) = nullptr;
    static inline int count = 0, opened = 0, waiting = 0;
    static inline bool hangs = false;
    static inline std::mutex mutex;
    static inline std::condition_variable changed;
};

class Checkpoint : public SqliteJournalTest {
protected:
    Checkpoint() { options_.checkpoint_pages = 1; }
    ~Checkpoint() override { journal_.reset(); }
    void open_here() { journal_.emplace(pool_, options_); }
    // sqlite.org/fileformat2.html#walformat: the checkpoint sequence number.
    [[nodiscard]] auto round() const -> std::string {
        std::ifstream log{options_.path + "-wal", std::ios::binary};
        std::string header(16, '\0');
        log.read(header.data(), static_cast<std::streamsize>(header.size()));
        return header.substr(12);
    }
    void commit() {
        add();
        ASSERT_TRUE(journal_->commit());
    }

    Syncs syncs_;
    SlowPool pool_;
};

TEST_F(Checkpoint, ACommitSyncsNothing) {
    options_.checkpoint_pages = 1'000'000;
    open_here();
    commit();  // may begin the log
    (void)Syncs::fresh();
    for (int i = 0; i < 100; ++i) {
        commit();
    }
    EXPECT_EQ(Syncs::fresh(), 0);
}

// One that is out of descriptors by then would never shorten its log.
TEST_F(Checkpoint, TheFirstOneOpensNoFile) {
    open_here();
    int const before = Syncs::opens();
    commit();
    pool_.work();
    pool_.work();
    ASSERT_EQ(journal_->database().number("SELECT value FROM meta WHERE key = 'checkpoints'"), 1);
    EXPECT_EQ(Syncs::opens(), before);
}

// What comes after the header must not be on the disk before it.
TEST_F(Checkpoint, ALogThatACommitBeginsAnewIsSynced) {
    open_here();
    commit();
    pool_.work_untold();
    auto const before = round();
    (void)Syncs::fresh();
    commit();
    EXPECT_NE(round(), before);
    EXPECT_EQ(Syncs::fresh(), 1);
    commit();
    EXPECT_EQ(Syncs::fresh(), 0);
}

TEST_F(Checkpoint, SoIsOneWhoseRoundWasPutOffByAReader) {
    open_here();
    commit();
    {
        Statement reads{journal_->database(), "SELECT key FROM meta"};
        ASSERT_TRUE(reads.step());
        pool_.work();
        ASSERT_FALSE(journal_->ready());
        pool_.work();
        ASSERT_TRUE(journal_->ready());
    }
    auto const before = round();
    (void)Syncs::fresh();
    commit();
    EXPECT_NE(round(), before);
    EXPECT_EQ(Syncs::fresh(), 1);
}

TEST_F(Checkpoint, ADiskThatHangsHoldsUpNoTurn) {
    std::vector<std::string> reports;
    options_.report = [&](std::string const& text) { reports.push_back(text); };
    for (bool const more_to_carry : {false, true}) {
        SCOPED_TRACE(more_to_carry);
        reports.clear();
        open_here();
        commit();
        if (more_to_carry) {
            Statement reads{journal_->database(), "SELECT key FROM meta"};  // holds back what comes after it
            ASSERT_TRUE(reads.step());
            commit();
            pool_.work();
        } else {
            pool_.work();
        }
        ASSERT_FALSE(journal_->ready());
        int told = 0;
        journal_->when_ready([&] { ++told; });
        Syncs::hang();
        std::thread disk{[&] { pool_.work_untold(); }};
        Syncs::wait_for_one();
        pool_.advance(Checkpointer::patience / 2);
        EXPECT_FALSE(journal_->ready());
        EXPECT_EQ(told, 0);
        pool_.advance(Checkpointer::patience);
        EXPECT_TRUE(journal_->ready());
        EXPECT_EQ(told, 1);
        EXPECT_EQ(reports.size(), 1U);
        EXPECT_TRUE(!reports.empty() && reports[0].find("5 s") != std::string::npos);
        add();
        EXPECT_FALSE(journal_->commit());  // and not: waits for the disk, too
        EXPECT_THAT(journal_->fault(), testing::HasSubstr("disk does not answer"));
        EXPECT_TRUE(pool_.waiting.empty());  // no other round is begun beside it
        Syncs::answer();
        disk.join();
        pool_.run_ready();
        EXPECT_EQ(told, 1);
        EXPECT_EQ(reports.size(), 2U);
        EXPECT_TRUE(journal_->commit());
        EXPECT_TRUE(journal_->fault().empty());
        while (!pool_.waiting.empty()) {
            pool_.work();
        }
        EXPECT_EQ(pool_.armed_timers(), 0U);
        journal_.reset();
    }
}

TEST_F(Checkpoint, AnotherProgramThatHoldsTheLockIsToldAsSuch) {
    options_.checkpoint_pages = 1'000'000;
    open_here();
    commit();
    Sqlite other{options_.path, Sqlite::Mode::existing};
    other.run("BEGIN IMMEDIATE");
    add();
    EXPECT_FALSE(journal_->commit());
    EXPECT_THAT(journal_->fault(), testing::HasSubstr("database is locked: another program holds it open"));
    other.run("ROLLBACK");
    EXPECT_TRUE(journal_->commit());
}

}  // namespace
}  // namespace apiary::store
