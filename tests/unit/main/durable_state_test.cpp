// A database that is damaged in part is no reason for the daemon to end, or to go on without a word.
#include "main/durable_state.hpp"

#include <gtest/gtest.h>

#include "support/fake_loop.hpp"
#include "support/spoil_table.hpp"
#include "support/temporary_folder.hpp"

namespace apiary {
namespace {

TEST(DurableStateTest, GoesOnWithoutADatabaseThatIsDamagedInPart) {
    test::TemporaryFolder const folder;
    Options options;
    options.state_dir = options.run_dir = folder.path();
    test::FakeLoop loop;
    {
        Identities identities;
        DurableState state{loop, options, identities};
        ASSERT_NE(state.memory(), nullptr);
        VmRecord record;
        record.name = "web";
        state.memory()->keep(std::move(record));
        ASSERT_TRUE(state.journal().commit());
    }
    test::spoil_table(options.state_dir + "/state.db", "record");
    {
        Identities identities;
        DurableState state{loop, options, identities};
        EXPECT_EQ(state.memory(), nullptr);
        EXPECT_FALSE(state.journal().commit());
        EXPECT_NE(state.journal().fault().find("state.db"), std::string::npos) << state.journal().fault();
        EXPECT_NE(state.journal().fault().find("move it"), std::string::npos) << state.journal().fault();
    }
}

}  // namespace
}  // namespace apiary
