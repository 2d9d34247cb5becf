// The store as a whole: the numbers of VMs, how it ended the last time, and what is said of a file that cannot be used.
#include <sys/stat.h>

#include "unit/store/store_fixture.hpp"

namespace apiary::store {
namespace {

TEST_F(StoreTest, NumbersOfVmsStay) {
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    EXPECT_EQ(identities_->id_of("db"), 1U);
    identities_->reserve("found", 7);
    commit();
    open();
    EXPECT_EQ(identities_->id_of("new"), 2U);
    EXPECT_EQ(identities_->id_of("DB"), 1U);
    EXPECT_EQ(identities_->id_of("found"), 7U);
    EXPECT_EQ(identities_->id_of("web"), 0U);
}

// `name = other` in the section of web: both names have its number, and the number stays the section's.
TEST_F(StoreTest, AVmWithANameOfItsOwn) {
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    identities_->reserve("other", 0);
    commit();
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    EXPECT_EQ(identities_->id_of("next"), 1U);
}

// A VM that is removed and read again within one turn goes on counting.
TEST_F(StoreTest, TheLastEventOfAVmIsKnownBeforeItIsCommitted) {
    open();
    Event event;
    event.vm = "web";
    event.vm_seq = 1;
    store_->journal().append(event);
    EXPECT_EQ(store_->journal().last_of("web"), 1U);
    commit();
    EXPECT_EQ(store_->journal().last_of("web"), 1U);
    event.vm_seq = 2;
    store_->journal().append(event);
    EXPECT_EQ(store_->journal().last_of("web"), 2U);
    open();
    EXPECT_EQ(store_->journal().last_of("web"), 1U);
}

TEST_F(StoreTest, ANumberThatCouldNotBeWrittenIsWrittenLater) {
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    store_->journal().database().run("PRAGMA query_only = 1");  // refuses every write
    Event event;
    store_->journal().append(event);
    EXPECT_FALSE(store_->journal().commit());
    EXPECT_EQ(identities_->id_of("db"), 1U);
    store_->journal().database().run("PRAGMA query_only = 0");
    ASSERT_TRUE(store_->journal().commit());
    open();
    EXPECT_EQ(identities_->id_of("first"), 2U);
    EXPECT_EQ(identities_->id_of("db"), 1U);
}

TEST_F(StoreTest, AnOrderlyEndIsToldOnceItIsTakenUp) {
    open();
    EXPECT_FALSE(store_->memory().recover().ended);
    store_->memory().note_end();
    ASSERT_TRUE(store_->journal().commit());
    for (int i = 0; i < 2; ++i) {
        open();
        EXPECT_TRUE(store_->memory().recover().ended);
    }
    ASSERT_TRUE(store_->journal().commit());
    open();
    EXPECT_FALSE(store_->memory().recover().ended);
}

// All is read at the start, where it can be told what to do; later nobody could.
TEST_F(StoreTest, ItsFilesAreNobodyElsesToRead) {
    auto const mode = [this](char const* beside) {
        return std::filesystem::status(options_.path + beside).permissions() & std::filesystem::perms::all;
    };
    auto const own = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
    auto const before = ::umask(022);
    open();
    ::umask(before);
    commit();
    for (auto const* const beside : {"", "-wal", "-shm"}) {
        EXPECT_EQ(mode(beside), own) << beside;
    }
    // As an earlier version left them, and its end, too.
    Sqlite reader{options_.path, Sqlite::Mode::existing};  // so that those beside it stay
    EXPECT_GT(reader.number("SELECT count(*) FROM sqlite_schema"), 0);
    store_.reset();
    for (auto const* const beside : {"", "-wal", "-shm"}) {
        std::filesystem::permissions(options_.path + beside, own | std::filesystem::perms::others_read);
    }
    open();
    for (auto const* const beside : {"", "-wal", "-shm"}) {
        EXPECT_EQ(mode(beside), own) << beside;
    }
}

TEST_F(StoreTest, ADatabaseThatIsDamagedInPartIsRefused) {
    for (auto const* const table : {"record", "job", "vm", "identity", "event"}) {
        open();
        (void)identities_->id_of("web");
        store_->memory().keep(record());
        commit();
        spoil(table);
        auto const said = refusal();
        EXPECT_NE(said.find(options_.path), std::string::npos) << table << ": " << said;
        EXPECT_NE(said.find("move it"), std::string::npos) << table << ": " << said;
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
    }
}

TEST_F(StoreTest, SaysWhatToDo) {
    std::ofstream{options_.path} << std::string(10'000, 'x');
    auto const damaged = refusal();
    EXPECT_NE(damaged.find(options_.path), std::string::npos) << damaged;
    EXPECT_NE(damaged.find("move it"), std::string::npos) << damaged;
    std::filesystem::remove(options_.path);
    { Sqlite{options_.path, Sqlite::Mode::create}.run("CREATE TABLE other (x)"); }
    auto const foreign = refusal();
    EXPECT_NE(foreign.find("another program"), std::string::npos) << foreign;
    options_.path = folder_ / "missing" / "state.db";
    auto const missing = refusal();
    EXPECT_NE(missing.find("must be able to write"), std::string::npos) << missing;
}

}  // namespace
}  // namespace apiary::store
