// Which files are read, and which are refused.
#include "config/source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Source : Fixture {
    std::filesystem::path folder;

    Source() {
        std::string pattern = testing::TempDir() + "apiary-config-XXXXXX";
        folder = ::mkdtemp(pattern.data());
        options.trusted_uid = ::getuid();
    }
    ~Source() override { std::filesystem::remove_all(folder); }

    auto write(std::string const& name, std::string const& text, mode_t mode = 0644) -> std::string {
        std::string const path = folder / name;
        std::ofstream{path} << text;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    auto refused(std::string const& path) -> std::string {
        auto const file = read_file(path, ::getuid());
        auto const* const refusal = std::get_if<FileRefusal>(&file);
        return refusal != nullptr ? format(refusal->diagnostic) : "(read)";
    }
};

TEST_F(Source, ReadsAFile) {
    auto const file = read_file(write("a.conf", "vm a { }"), ::getuid());
    ASSERT_TRUE(std::holds_alternative<FileText>(file));
    EXPECT_EQ(std::get<FileText>(file).text, "vm a { }");
    EXPECT_EQ(std::get<FileText>(file).owner, ::getuid());
}

TEST_F(Source, RefusesWhatIsNoPlainFile) {
    EXPECT_THAT(refused(folder / "none"), HasSubstr("none: error: cannot open: No such file"));
    EXPECT_THAT(refused(folder), HasSubstr("not a regular file"));
    std::string const fifo = folder / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_THAT(refused(fifo), HasSubstr("not a regular file"));  // and did not wait for a writer
    EXPECT_THAT(refused("/dev/null"), HasSubstr("not a regular file"));
}

TEST_F(Source, RefusesWhatOthersMayWrite) {
    EXPECT_THAT(refused(write("o", "", 0646)), HasSubstr("everybody may write this file"));
    EXPECT_THAT(refused(write("g", "", 0664)), HasSubstr("the file's group may write it"));
}

TEST_F(Source, RefusesAFileThatIsTooLarge) {
    std::string const path = write("big", "");
    ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(largest_file) + 1), 0);
    EXPECT_THAT(refused(path), HasSubstr("larger than 16 MiB"));
}

TEST_F(Source, LinksMustBelongToRootOrToTheOwnerOfTheFile) {
    std::string const path = write("a", "x"), link = folder / "link";
    ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
    EXPECT_EQ(refused(link), "(read)");
    if (::getuid() == 0) {  // only root can make somebody else's link
        ASSERT_EQ(::lchown(link.c_str(), alice, staff), 0);
        EXPECT_THAT(refused(link), HasSubstr("access denied: a symbolic link to a file of another owner"));
        ASSERT_EQ(::chown(path.c_str(), alice, staff), 0);
        EXPECT_EQ(refused(link), "(read)");
        ASSERT_EQ(::chmod(path.c_str(), 0664), 0);
        EXPECT_EQ(refused(path), "(read)");  // his group is his business
    }
}

TEST_F(Source, LoadPathsReadsInOrder) {
    result = load_paths(
        {write("a", "vm a { memory = 1G; loader = uefi; }"), write("b", "vm b { memory = 1G; loader = uefi; }")},
        options);
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("a", "b"));
}

TEST_F(Source, AMissingFileFailsTheLoad) {
    result = load_paths({write("a", "vm a { memory = 1G; loader = uefi; }"), folder / "gone"}, options);
    EXPECT_FALSE(result.ok);
    EXPECT_TRUE(result.definitions.empty());
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("gone: error: cannot open")));
}

TEST_F(Source, ARefusedFileOfAUserIsHisTroubleAlone) {
    if (::getuid() != 0) {
        GTEST_SKIP() << "needs files of two owners";
    }
    std::string const hers = write("hers", "vm h { memory = 1G; loader = uefi; }", 0666);
    ASSERT_EQ(::chown(hers.c_str(), alice, staff), 0);
    result = load_paths({write("a", "vm a { memory = 1G; loader = uefi; }"), hers}, options);
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("a"));
    EXPECT_THAT(result.dropped_files, ElementsAre(hers));
}

}  // namespace
}  // namespace apiary::config
