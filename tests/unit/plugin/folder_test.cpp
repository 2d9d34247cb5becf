// Which files are plugins.
#include "plugin/folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "plugin/state_folder.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::plugin {
namespace {

class PluginFolder : public ::testing::Test {
protected:
    void put(std::string const& name, mode_t mode = 0644) {
        std::ofstream{folder_ + "/" + name} << name;
        ::chmod((folder_ + "/" + name).c_str(), mode);
    }
    auto fault(std::string const& name) -> std::string {
        auto const scan = scan_folder(folder_, ::geteuid());
        auto const found = std::ranges::find(scan.files, name, &PluginFile::name);
        return found == scan.files.end() ? "absent" : found->fault;
    }
    apiary::test::TemporaryFolder temporary_;
    std::string const folder_ = temporary_.path();
};

TEST_F(PluginFolder, TakesFilesOfTheirName) {
    put("web.so");
    put("web.conf");
    put(".half.so");
    put("Upper.so");
    auto const scan = scan_folder(folder_, ::geteuid());
    EXPECT_EQ(scan.fault, "");
    ASSERT_EQ(scan.files.size(), 2U);
    EXPECT_NE(fault("Upper").find("name that no plugin has"), std::string::npos);
    EXPECT_EQ(fault("web"), "");
    EXPECT_TRUE(*scan.files[1].fd);
    EXPECT_EQ(scan.files[1].path, folder_ + "/web.so");
}

TEST_F(PluginFolder, OneThatOthersCanWriteToIsRefused) {
    put("group.so", 0664);
    put("others.so", 0646);
    for (auto const* const name : {"group", "others"}) {
        EXPECT_NE(fault(name).find("can be written to by others"), std::string::npos) << name;
    }
    EXPECT_FALSE(scan_folder(folder_, ::geteuid()).files[0].fd);
}

TEST_F(PluginFolder, OneOfSomebodyElseIsRefused) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root";
    }
    put("web.so");
    ASSERT_EQ(::chown((folder_ + "/web.so").c_str(), 12345, 0), 0);
    EXPECT_NE(fault("web").find("belongs to uid 12345"), std::string::npos);
    auto const scan = scan_folder(folder_, 12345);  // whose daemon it is
    EXPECT_EQ(scan.files.at(0).fault, "");
}

TEST_F(PluginFolder, SoIsWhatIsNoFile) {
    put("real.so");
    ASSERT_EQ(::symlink("real.so", (folder_ + "/link.so").c_str()), 0);
    ASSERT_EQ(::mkfifo((folder_ + "/pipe.so").c_str(), 0600), 0);
    ASSERT_EQ(::mkdir((folder_ + "/dir.so").c_str(), 0700), 0);
    EXPECT_NE(fault("link").find("symbolic link"), std::string::npos);
    EXPECT_NE(fault("pipe").find("no regular file"), std::string::npos);
    EXPECT_NE(fault("dir").find("no regular file"), std::string::npos);
}

TEST_F(PluginFolder, AFolderOfOthersHasNone) {
    put("web.so");
    ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
    auto const scan = scan_folder(folder_, ::geteuid());
    EXPECT_TRUE(scan.files.empty());
    EXPECT_NE(scan.fault.find(folder_), std::string::npos);
}

TEST_F(PluginFolder, ThatItIsAbsentIsNoFault) {
    auto const scan = scan_folder(folder_ + "/none", ::geteuid());
    EXPECT_TRUE(scan.files.empty());
    EXPECT_EQ(scan.fault, "");
}

TEST_F(PluginFolder, AnotherContentIsAnotherFile) {
    put("web.so");
    auto const before = scan_folder(folder_, ::geteuid()).files.at(0).id;
    EXPECT_EQ(scan_folder(folder_, ::geteuid()).files.at(0).id, before);
    put("fresh");
    ASSERT_EQ(::rename((folder_ + "/fresh").c_str(), (folder_ + "/web.so").c_str()), 0);
    EXPECT_NE(scan_folder(folder_, ::geteuid()).files.at(0).id, before);
}

TEST_F(PluginFolder, TheStateSaysWhetherItIsDisabled) {
    StateFolder const state{folder_ + "/plugins", "web"};
    EXPECT_EQ(state.disabled(), std::nullopt);
    EXPECT_EQ(state.disable("three strikes"), "");
    EXPECT_EQ(state.disabled(), "three strikes");
    EXPECT_EQ(state.enable(), "");
    EXPECT_EQ(state.enable(), "");
    EXPECT_EQ(state.disabled(), std::nullopt);
}

TEST_F(PluginFolder, AnotherUserFindsHisOwnAndNothingElse) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root";
    }
    auto const state_dir = folder_ + "/state";
    std::filesystem::create_directory(state_dir);
    ::chmod(state_dir.c_str(), 0700);
    std::ofstream{state_dir + "/state.db"} << "of all";
    ::chmod((state_dir + "/state.db").c_str(), 0644);
    StateFolder const state{state_dir + "/plugins", "web"};
    auto const mode = [](std::string const& path) {
        struct stat status {};
        return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0U;
    };
    ASSERT_EQ(state.prepare(std::nullopt), "");
    EXPECT_EQ(mode(state_dir), 0700U) << "nobody needs it";
    ASSERT_EQ(state.prepare("nobody"), "");
    EXPECT_EQ(mode(state_dir), 0711U);
    EXPECT_EQ(mode(state_dir + "/state.db"), 0600U);
    EXPECT_EQ(mode(state_dir + "/plugins/web/secrets"), 0700U);
    struct stat own {};
    ASSERT_EQ(::stat(state.state().c_str(), &own), 0);
    EXPECT_NE(own.st_uid, 0U);
    EXPECT_NE(state.prepare("no-such-user-here").find("no account"), std::string::npos);
}

TEST_F(PluginFolder, SecretsAreOfThePluginAlone) {
    StateFolder const state{folder_ + "/plugins", "web"};
    ASSERT_EQ(state.prepare(std::nullopt), "");
    auto const secrets = folder_ + "/plugins/web/secrets/";
    std::ofstream{secrets + "key"} << "sesame";
    ::chmod((secrets + "key").c_str(), 0600);
    std::ofstream{secrets + "open"} << "too well known";
    ::chmod((secrets + "open").c_str(), 0644);
    EXPECT_EQ(state.secret("key").value, "sesame");
    EXPECT_EQ(state.secret("open").error, EACCES);
    EXPECT_NE(state.secret("open").fault.find("0600"), std::string::npos);
    EXPECT_EQ(state.secret("none").error, ENOENT);
    EXPECT_EQ(state.secret("../secrets/key").error, ENOENT);
}

}  // namespace
}  // namespace apiary::plugin
