// Whether somebody else could put another program under a path.
#include "hookcmd/path_trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_folder.hpp"

namespace apiary::hookcmd {
namespace {

using testing::HasSubstr;

struct PathTrust : testing::Test {
    PathTrust() {
        for (auto const* const inside : {"/own", "/open", "/sticky"}) {
            std::filesystem::create_directory(folder + inside);
            std::ofstream{folder + inside + "/hook"} << "#!/bin/sh\n";
        }
        ::chmod((folder + "/open").c_str(), 0777);
        ::chmod((folder + "/sticky").c_str(), 01777);
    }

    [[nodiscard]] auto look(std::string const& path) const -> std::string {
        return exchangeable(folder + path, ::geteuid());
    }
    test::TemporaryFolder temporary;
    std::string const folder = temporary.path();
};

TEST_F(PathTrust, OwnFoldersAndASharedOneWhereNobodyCanTakeItAway) {
    EXPECT_EQ(look("/own/hook"), "");
    EXPECT_EQ(look("/own/./../own/hook"), "");
    EXPECT_EQ(look("/sticky/hook"), "");
    EXPECT_EQ(look("/own/missing"), "");
    EXPECT_EQ(exchangeable("/bin/sh", ::geteuid()), "");
}

TEST_F(PathTrust, AFolderThatOthersCanWriteTo) {
    EXPECT_THAT(look("/open/hook"), HasSubstr(folder + "/open, and could put"));
}

TEST_F(PathTrust, OnTheWayOfALink) {
    std::filesystem::create_symlink(folder + "/own/hook", folder + "/open/link");
    EXPECT_THAT(look("/open/link"), HasSubstr("/open,")) << "others decide where it leads";
    std::filesystem::create_symlink("../open/hook", folder + "/own/link");
    EXPECT_THAT(look("/own/link"), HasSubstr("/open,")) << "others decide what is there";
    std::filesystem::create_directory_symlink(folder + "/own", folder + "/sticky/way");
    EXPECT_EQ(look("/sticky/way/hook"), "");
    std::filesystem::create_symlink("loop", folder + "/own/loop");
    EXPECT_EQ(look("/own/loop"), "") << "it cannot be run";
}

TEST_F(PathTrust, OfSomebodyElse) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root";
    }
    ASSERT_EQ(::chown((folder + "/own").c_str(), 65534, 65534), 0);
    EXPECT_THAT(look("/own/hook"), HasSubstr("belongs to uid 65534"));
    EXPECT_EQ(exchangeable(folder + "/own/hook", 65534), "");
    ASSERT_EQ(::chown((folder + "/sticky/hook").c_str(), 65534, 65534), 0);
    EXPECT_THAT(look("/sticky/hook"), HasSubstr("/sticky,")) << "he can take it away, and put another there";
    EXPECT_EQ(exchangeable(folder + "/sticky/hook", 65534), "");
}

TEST_F(PathTrust, WhoseTheProgramIs) {
    std::string const hook = folder + "/own/hook";
    EXPECT_EQ(unfit(hook, ::geteuid()), "");
    EXPECT_EQ(unfit(folder + "/own/missing", ::geteuid()), "");
    EXPECT_EQ(unfit("/bin/sh", ::geteuid()), "");
    EXPECT_THAT(unfit(folder + "/open/hook", ::geteuid()), HasSubstr("/open, and could put"));
    std::filesystem::permissions(hook, std::filesystem::perms::group_write, std::filesystem::perm_options::add);
    EXPECT_THAT(unfit(hook, ::geteuid()), HasSubstr("others than its owner can write to it"));
    std::filesystem::permissions(hook, std::filesystem::perms::group_write, std::filesystem::perm_options::remove);
    if (::geteuid() != 0) {
        GTEST_SKIP() << "the rest needs root";
    }
    ASSERT_EQ(::chown(hook.c_str(), 65534, 65534), 0);
    EXPECT_THAT(unfit(hook, 0), HasSubstr("belongs to uid 65534"));
    EXPECT_EQ(unfit(hook, 65534), "");
}

}  // namespace
}  // namespace apiary::hookcmd
