// Finding the bus.
#include "ctl/bus_address.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "support/temporary_folder.hpp"

namespace apiary::ctl {
namespace {

namespace fs = std::filesystem;

class BusAddress : public ::testing::Test {
protected:
    void SetUp() override { variables_["APIARY_RUN_DIR"] = folder_.string(); }

    void write(std::string const& text, mode_t mode = 0644) {
        std::ofstream{file()} << text;
        ASSERT_EQ(::chmod(file().c_str(), mode), 0);
    }
    [[nodiscard]] auto file() const -> std::string { return (folder_ / "bus-address").string(); }
    [[nodiscard]] auto find(std::string const& option = {}) -> BusSearch {
        return find_bus(option, [this](std::string const& name) -> std::optional<std::string> {
            auto const found = variables_.find(name);
            return found == variables_.end() ? std::nullopt : std::optional{found->second};
        });
    }
    // What the file is worth: its address, or why it was passed over.
    [[nodiscard]] auto verdict() -> std::string {
        auto const search = find();
        return search.choices.size() == 2 ? search.choices.front().address : search.passed.at(0);
    }

    test::TemporaryFolder temporary_;
    fs::path const folder_{temporary_.path()};
    std::map<std::string, std::string> variables_;
};

TEST_F(BusAddress, the_option_wins) {
    variables_["APIARY_BUS_ADDRESS"] = "unix:path=/variable";
    write("unix:path=/file");
    auto const search = find("unix:path=/option");
    ASSERT_EQ(search.choices.size(), 1U);
    EXPECT_EQ(search.choices[0].address, "unix:path=/option");
    EXPECT_EQ(search.choices[0].origin, "--address");
}

TEST_F(BusAddress, then_the_variable) {
    variables_["APIARY_BUS_ADDRESS"] = "unix:path=/variable";
    write("unix:path=/file");
    auto const search = find();
    ASSERT_EQ(search.choices.size(), 1U);
    EXPECT_EQ(search.choices[0].address, "unix:path=/variable");
}

TEST_F(BusAddress, then_the_file_and_the_system_bus) {
    write("unix:path=/file,guid=0123\n");
    auto const search = find();
    ASSERT_EQ(search.choices.size(), 2U);
    EXPECT_EQ(search.choices[0].address, "unix:path=/file,guid=0123");
    EXPECT_EQ(search.choices[0].origin, file());
    EXPECT_EQ(search.choices[1].address, "");
    EXPECT_EQ(search.choices[1].origin, "system bus");
    EXPECT_TRUE(search.passed.empty());
}

TEST_F(BusAddress, without_a_file_the_system_bus) {
    auto const search = find();
    ASSERT_EQ(search.choices.size(), 1U);
    EXPECT_EQ(search.choices[0].origin, "system bus");
    EXPECT_EQ(search.passed.at(0), file() + ": No such file or directory");
}

TEST_F(BusAddress, a_file_that_others_may_write_is_not_believed) {
    write("unix:path=/file", 0664);
    EXPECT_EQ(verdict(), file() + ": not believed: others than its owner may write to it");
    write("unix:path=/file", 0646);
    EXPECT_EQ(verdict(), file() + ": not believed: others than its owner may write to it");
}

TEST_F(BusAddress, nor_one_in_a_folder_that_others_may_write) {
    write("unix:path=/file");
    ASSERT_EQ(::chmod(folder_.c_str(), 01777), 0);
    EXPECT_EQ(verdict(), file() + ": not believed: its folder: others than its owner may write to it");
}

TEST_F(BusAddress, nor_a_link_a_folder_or_a_pipe) {
    std::ofstream{folder_ / "elsewhere"} << "unix:path=/file";
    fs::create_symlink(folder_ / "elsewhere", file());
    EXPECT_EQ(verdict(), file() + ": not believed: it is a symbolic link");
    fs::remove(file());
    fs::create_directory(file());
    EXPECT_EQ(verdict(), file() + ": not believed: it is not a regular file");
    fs::remove(file());
    ASSERT_EQ(::mkfifo(file().c_str(), 0644), 0);
    EXPECT_EQ(verdict(), file() + ": not believed: it is not a regular file");  // and nobody waits for a writer
}

TEST_F(BusAddress, nor_another_users) {
    write("unix:path=/file");
    if (::geteuid() != 0 || ::chown(file().c_str(), 12345, 0) != 0) {
        GTEST_SKIP() << "only root can give a file away";
    }
    EXPECT_EQ(verdict(), file() + ": not believed: it belongs to user 12345 and not to root");
}

TEST_F(BusAddress, what_is_no_address_is_passed_over) {
    for (std::string const text : {"", "\n", "nonsense", "unix:path=/a b", "unix:path=/a\x1b[2J"}) {
        write(text);
        EXPECT_EQ(verdict(), file() + ": it holds no address of a bus") << text;
    }
}

TEST(Believed, root_and_who_else_is_named) {
    struct stat status {};
    status.st_mode = S_IFREG | 0644;
    EXPECT_EQ(why_not_believed(status, std::nullopt), std::nullopt);
    status.st_uid = 1000;
    EXPECT_NE(why_not_believed(status, std::nullopt), std::nullopt);
    EXPECT_EQ(why_not_believed(status, uid_t{1000}), std::nullopt);
    EXPECT_NE(why_not_believed(status, uid_t{1001}), std::nullopt);
}

TEST_F(BusAddress, of_the_session) {
    auto const session = [this] {
        return find_session_bus([this](std::string const& name) -> std::optional<std::string> {
            auto const found = variables_.find(name);
            return found == variables_.end() ? std::nullopt : std::optional{found->second};
        });
    };
    variables_["APIARY_BUS_ADDRESS"] = "unix:path=/variable";  // where the system's daemon is
    EXPECT_TRUE(session().choices.empty());
    EXPECT_EQ(session().passed.at(0), "session bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
    variables_["XDG_RUNTIME_DIR"] = "/run/user/1;2";
    ASSERT_EQ(session().choices.size(), 1U);
    EXPECT_EQ(session().choices[0].address, "unix:path=/run/user/1%3b2/bus");
    EXPECT_EQ(session().choices[0].origin, "session bus");
    variables_["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/session";
    EXPECT_EQ(session().choices.at(0).address, "unix:path=/session");
    EXPECT_EQ(session().elsewhere->address, "");
    EXPECT_NE(session().advice.find("apiaryd --session"), std::string::npos);
}

TEST_F(BusAddress, knows_where_else_a_daemon_may_be) {
    EXPECT_NE(find().advice.find("apiaryctl --session"), std::string::npos);
    EXPECT_FALSE(find().elsewhere);
    variables_["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/session";
    EXPECT_EQ(find().elsewhere->address, "unix:path=/session");
    EXPECT_NE(find().word_of_elsewhere.find("--session"), std::string::npos);
    EXPECT_FALSE(find("unix:path=/option").elsewhere);
}

}  // namespace
}  // namespace apiary::ctl
