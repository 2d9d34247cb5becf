// Files in the run folder: whole, and believed only if they are ours.
#include "bus/run_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "support/temporary_folder.hpp"

namespace apiary::bus {
namespace {

struct RunFile : ::testing::Test {
    test::TemporaryFolder temporary;
    std::string const folder = temporary.path(), path = folder + "/file";
};

TEST_F(RunFile, isReadBackAndReplaced) {
    EXPECT_EQ(read_run_file(path), "");
    write_run_file(path, "first\n");
    EXPECT_EQ(read_run_file(path), "first\n");
    std::string const longer(20'000, 'x');
    write_run_file(path, longer);
    EXPECT_EQ(read_run_file(path), longer);
    EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_F(RunFile, hasItsModeWhateverTheUmask) {
    auto const before = ::umask(077);
    write_run_file(path, "text");
    ::umask(before);
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

TEST_F(RunFile, isNotBelievedIfOthersCouldHaveWrittenIt) {
    write_run_file(path, "text");
    ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
    EXPECT_EQ(read_run_file(path), "");
    ASSERT_EQ(::chmod(path.c_str(), 0664), 0);
    EXPECT_EQ(read_run_file(path), "");
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    EXPECT_EQ(read_run_file(path), "text");
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(path.c_str(), 12345, 0), 0);
        EXPECT_EQ(read_run_file(path), "");
    }
}

TEST_F(RunFile, isNoLinkAndNoFolder) {
    write_run_file(folder + "/other", "text");
    ASSERT_EQ(::symlink("other", path.c_str()), 0);
    EXPECT_EQ(read_run_file(path), "");
    EXPECT_EQ(read_run_file(folder), "");
    write_run_file(path, "mine");  // takes the link's place
    EXPECT_EQ(read_run_file(folder + "/other"), "text");
    EXPECT_EQ(read_run_file(path), "mine");
}

TEST_F(RunFile, saysWhatCannotBeWritten) {
    EXPECT_THROW(write_run_file(folder + "/no/file", "text"), std::system_error);
}

}  // namespace
}  // namespace apiary::bus
