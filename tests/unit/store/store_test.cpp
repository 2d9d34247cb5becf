// What outlives the daemon besides events: the numbers of VMs; and what is said of a file that cannot be used.
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "support/fake_loop.hpp"

namespace apiary::store {
namespace {

class StoreTest : public testing::Test {
protected:
    StoreTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "apiary-store-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        options_.path = folder_ / "state.db";
        options_.undurable_path = folder_ / "undurable";
    }
    ~StoreTest() override { std::filesystem::remove_all(folder_); }

    void open() {
        store_.reset();
        identities_.emplace();
        store_.emplace(loop_, options_, *identities_);
    }
    void commit() {
        Event event;
        store_->journal().append(event);
        ASSERT_TRUE(store_->journal().commit());
    }
    auto refusal() -> std::string {
        try {
            open();
        } catch (std::runtime_error const& error) {
            return error.what();
        }
        return {};
    }

    std::filesystem::path folder_;
    test::FakeLoop loop_;
    JournalOptions options_;
    std::optional<Identities> identities_;
    std::optional<Store> store_;
};

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
