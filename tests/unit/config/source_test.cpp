// Which files are read, and which are refused.
#include "config/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Source : Fixture {
    test::TemporaryFolder temporary;
    std::filesystem::path const folder{temporary.path()};

    Source() { options.trusted_uid = ::getuid(); }

    auto write(std::string const& name, std::string const& text, mode_t mode = 0644) -> std::string {
        std::string const path = folder / name;
        std::ofstream{path} << text;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }
    static auto read(std::string const& path, Asker const& asker = {}) -> Files::Answer {
        return system_files(::getuid())->read(path, asker, [](FileLooks const&) { return true; });
    }
    static auto refused(std::string const& path, Asker const& asker = {}) -> std::string {
        auto const file = read(path, asker);
        auto const* const refusal = std::get_if<FileRefusal>(&file);
        return refusal != nullptr ? refusal->message : "(read)";
    }
};

TEST_F(Source, ReadsAFile) {
    auto const file = read(write("a.conf", "vm a { }"));
    ASSERT_TRUE(std::holds_alternative<FileText>(file));
    EXPECT_EQ(std::get<FileText>(file).text, "vm a { }");
    EXPECT_EQ(std::get<FileText>(file).owner, ::getuid());
}

TEST_F(Source, RefusesWhatIsNoPlainFile) {
    EXPECT_THAT(refused(folder / "none"), HasSubstr("cannot open: No such file"));
    EXPECT_THAT(refused(folder), HasSubstr("is a folder"));
    EXPECT_THAT(refused(folder / ""), HasSubstr("is a folder"));
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

TEST_F(Source, LinksMustBelongToTheOwnerOfTheFile) {
    std::string const path = write("a", "x"), link = folder / "link";
    ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
    EXPECT_EQ(refused(link), "(read)");
    if (::getuid() == 0) {  // only root can make somebody else's link
        ASSERT_EQ(::lchown(link.c_str(), alice, staff), 0);
        EXPECT_THAT(refused(link), HasSubstr("access denied: a symbolic link to a file of another owner"));
        ASSERT_EQ(::chown(path.c_str(), alice, staff), 0);
        EXPECT_EQ(refused(link), "(read)");
        ASSERT_EQ(::lchown(link.c_str(), 0, 0), 0);
        EXPECT_THAT(refused(link), HasSubstr("access denied: a symbolic link"));
        ASSERT_EQ(::chmod(path.c_str(), 0664), 0);
        EXPECT_EQ(refused(path), "(read)");  // his group is his business
    }
}

TEST_F(Source, LinksAreFollowedToTheFolderOfTheFile) {
    std::filesystem::create_directories(folder / "real/deep");
    write("real/deep/a", "x");
    std::filesystem::create_directory_symlink("real", folder / "short");
    std::filesystem::create_symlink("short/deep/a", folder / "link");
    std::filesystem::create_symlink("link", folder / "link2");
    auto const answer = read(folder / "link2");
    ASSERT_TRUE(std::holds_alternative<FileText>(answer));
    EXPECT_EQ(std::get<FileText>(answer).folder, std::filesystem::canonical(folder / "real/deep").native() + "/");
    EXPECT_EQ(std::get<FileText>(read(folder / "real/deep/a")).folder, std::nullopt);
    EXPECT_EQ(std::get<FileText>(read(folder / "short/deep/a")).id, std::get<FileText>(answer).id);
    std::filesystem::create_symlink("circle", folder / "circle");
    EXPECT_THAT(refused(folder / "circle"), HasSubstr("cannot open: Too many levels of symbolic links"));
    std::filesystem::create_symlink("/nowhere/x", folder / "dangling");
    EXPECT_THAT(refused(folder / "dangling"), HasSubstr("No such file"));
    EXPECT_FALSE(std::get<FileRefusal>(read(folder / "dangling")).missing);  // the link is there
    EXPECT_TRUE(std::get<FileRefusal>(read(folder / "none")).missing);
}

TEST_F(Source, NobodyElseMayReplaceAFolderOnTheWay) {
    std::filesystem::create_directories(folder / "d/e");
    std::string const path = write("d/e/a", "x");
    ASSERT_EQ(::chmod((folder / "d").c_str(), 0775), 0);
    std::string const real = std::filesystem::canonical(folder / "d");
    EXPECT_THAT(refused(path),
                HasSubstr("a group may write the folder " + real + ", and so replace it (chmod g-w " + real + ")"));
    ASSERT_EQ(::chmod((folder / "d").c_str(), 0777), 0);
    EXPECT_THAT(refused(path), HasSubstr("everybody may write the folder " + real));
    ASSERT_EQ(::chmod((folder / "d").c_str(), 01777), 0);  // as /tmp: entries are safe there
    EXPECT_EQ(refused(path), "(read)");
}

TEST_F(Source, AWayThroughAnothersFolderIsHis) {
    if (::getuid() != 0) {
        GTEST_SKIP() << "needs files of two owners";
    }
    std::filesystem::create_directories(folder / "hers");
    std::filesystem::create_directories(folder / "roots");
    std::string const hers = write("hers/a", "x"), planted = write("hers/b", "x"), bobs = write("hers/c", "x");
    write("roots/a", "x");
    ASSERT_EQ(::chown((folder / "hers").c_str(), alice, staff), 0);
    ASSERT_EQ(::chown(hers.c_str(), alice, staff), 0);
    ASSERT_EQ(::chown(bobs.c_str(), bob, staff), 0);
    EXPECT_EQ(refused(hers), "(read)");
    EXPECT_THAT(refused(planted), HasSubstr("belongs to another user, who may replace it"));  // by a hard link, say
    EXPECT_THAT(refused(bobs), HasSubstr("belongs to another user"));
    EXPECT_EQ(std::get<FileRefusal>(read(planted)).owner, alice);  // and it is her trouble
    EXPECT_FALSE(std::get<FileRefusal>(read(planted)).trusted);
    std::filesystem::create_directory_symlink(folder / "roots", folder / "hers/way");
    EXPECT_THAT(refused(folder / "hers/way/a"), HasSubstr("belongs to another user"));
    EXPECT_EQ(std::get<FileRefusal>(read(folder / "hers/none")).owner, alice);
    EXPECT_TRUE(std::get<FileRefusal>(read(folder / "none")).trusted);
}

TEST_F(Source, DevicesAreNotOpened) {
    EXPECT_THAT(refused("/dev/zero"), HasSubstr("access denied: not a regular file"));
    std::filesystem::create_directory_symlink("/dev", folder / "dev");
    EXPECT_THAT(refused(folder / "dev/zero"), HasSubstr("access denied: not a regular file"));
}

TEST_F(Source, AUserReachesWhatHeMayReadHimself) {
    if (::getuid() != 0) {
        GTEST_SKIP() << "needs files of two owners";
    }
    Asker const her{false, alice};
    ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
    std::filesystem::create_directories(folder / "hers");
    std::filesystem::create_directories(folder / "closed");
    std::string const own = write("hers/own", "x", 0600), open = write("open", "x"),
                      secret = write("secret", "x", 0640), inside = write("closed/inside", "x");
    ASSERT_EQ(::chmod((folder / "hers").c_str(), 0700), 0);
    ASSERT_EQ(::chmod((folder / "closed").c_str(), 0700), 0);
    ASSERT_EQ(::chown((folder / "hers").c_str(), alice, staff), 0);
    ASSERT_EQ(::chown(own.c_str(), alice, staff), 0);
    EXPECT_EQ(refused(own, her), "(read)");
    EXPECT_EQ(refused(open, her), "(read)");
    EXPECT_EQ(std::get<FileText>(read(open, her)).owner, alice);  // it is her word now
    std::string const no = refused(folder / "none", her);
    EXPECT_THAT(no, HasSubstr("no such file, or its owner may not read it"));
    EXPECT_EQ(refused(secret, her), no);
    EXPECT_EQ(refused(inside, her), no);
    EXPECT_EQ(refused(own, Asker{false, bob}), no);
    EXPECT_EQ(refused(folder / "closed/none", her), no);
    std::filesystem::create_symlink(secret, folder / "hers/link");
    ASSERT_EQ(::lchown((folder / "hers/link").c_str(), alice, staff), 0);
    EXPECT_EQ(refused(folder / "hers/link", her), no);
    EXPECT_TRUE(std::holds_alternative<FileRefusal>(system_files(0)->list(folder / "closed", her, 10)));
    EXPECT_TRUE(std::holds_alternative<Files::Listing>(system_files(0)->list(folder / "hers", her, 10)));
}

TEST_F(Source, Lists) {
    write("a", "");
    write("b", "");
    auto const files = system_files(::getuid());
    auto const all = std::get<Files::Listing>(files->list(folder, {}, 10));
    EXPECT_THAT(all.names, testing::UnorderedElementsAre("a", "b"));
    EXPECT_TRUE(all.complete);
    EXPECT_FALSE(std::get<Files::Listing>(files->list(folder, {}, 1)).complete);
    EXPECT_TRUE(std::get<FileRefusal>(files->list(folder / "none", {}, 1)).missing);
}

TEST_F(Source, ManyFoldersNeedFewDescriptors) {
    std::string deep = folder;
    for (int i = 0; i < 90; ++i) {
        deep += "/.";
    }
    EXPECT_EQ(refused(deep + "/" + std::filesystem::path{write("a", "")}.filename().native()), "(read)");
    std::string far = folder;
    std::filesystem::create_directories(folder / "d");
    for (int i = 0; i < 200; ++i) {
        far += "/d/..";
    }
    EXPECT_THAT(refused(far + "/a"), HasSubstr("File name too long"));
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
