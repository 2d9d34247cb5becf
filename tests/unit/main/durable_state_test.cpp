// A database that is damaged in part is no reason for the daemon to end, or to go on without a word.
#include "main/durable_state.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/fake_loop.hpp"

namespace apiary {
namespace {

TEST(DurableStateTest, GoesOnWithoutADatabaseThatIsDamagedInPart) {
    std::string pattern = std::filesystem::temp_directory_path() / "apiary-state-XXXXXX";
    std::filesystem::path const folder = ::mkdtemp(pattern.data());
    Options options;
    options.state_dir = options.run_dir = folder;
    test::FakeLoop loop;
    std::int64_t page = 0;
    std::int64_t size = 0;
    {
        Identities identities;
        DurableState state{loop, options, identities};
        ASSERT_NE(state.memory(), nullptr);
        VmRecord record;
        record.name = "web";
        state.memory()->keep(std::move(record));
        ASSERT_TRUE(state.journal().commit());
    }
    {
        store::Sqlite database{folder / "state.db", store::Sqlite::Mode::existing};
        page = database.number("SELECT rootpage FROM sqlite_schema WHERE name = 'record'");
        size = database.number("PRAGMA page_size");
    }
    {
        std::fstream file{folder / "state.db", std::ios::binary | std::ios::in | std::ios::out};
        file.seekp((page - 1) * size);
        file << std::string(static_cast<std::size_t>(size), 'x');
        ASSERT_TRUE(file.flush().good());
    }
    {
        Identities identities;
        DurableState state{loop, options, identities};
        EXPECT_EQ(state.memory(), nullptr);
        EXPECT_FALSE(state.journal().commit());
        EXPECT_NE(state.journal().fault().find("state.db"), std::string::npos) << state.journal().fault();
        EXPECT_NE(state.journal().fault().find("move it"), std::string::npos) << state.journal().fault();
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace apiary
