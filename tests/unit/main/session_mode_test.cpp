// Where a user's own daemon has its things, and what it says where it has no place for them.
#include "main/session_mode.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <stdexcept>

#include "main/configuration.hpp"
#include "support/temporary_folder.hpp"

namespace apiary {
namespace {

namespace fs = std::filesystem;

class SessionMode : public ::testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root: the folder is to be a user's";
        }
        ASSERT_EQ(::chown(runtime_.c_str(), uid, static_cast<gid_t>(-1)), 0);
        variables_ = {{"HOME", "/home/ann"}, {"XDG_RUNTIME_DIR", runtime_}};
    }

    [[nodiscard]] auto take(SaidOptions const& said = {}, Options options = {}) const -> Options {
        take_session_places(options, said,
                            {.variable = [this](std::string const& name) -> std::optional<std::string> {
                                 auto const found = variables_.find(name);
                                 return found == variables_.end() ? std::nullopt : std::optional{found->second};
                             },
                             .home_of_account = [this] { return home_; },
                             .uid = asker_});
        return options;
    }
    [[nodiscard]] auto refusal() const -> std::string {
        try {
            (void)take();
        } catch (std::runtime_error const& error) {
            return error.what();
        }
        return "taken";
    }

    static constexpr uid_t uid = 4711;
    uid_t asker_ = uid;
    test::TemporaryFolder temporary_;
    std::string const runtime_ = temporary_.path();
    std::string home_ = "/of/account";
    std::map<std::string, std::string> variables_;
};

TEST_F(SessionMode, has_the_places_of_the_specification) {
    auto const options = take();
    EXPECT_EQ(options.configs, std::vector<std::string>{"/home/ann/.config/apiary/apiary.conf"});
    EXPECT_EQ(options.state_dir, "/home/ann/.local/state/apiary");
    EXPECT_EQ(options.log_dir, "/home/ann/.local/state/apiary/log");
    EXPECT_EQ(options.run_dir, runtime_ + "/apiary");
    EXPECT_EQ(options.bus_address, "unix:path=" + runtime_ + "/bus");
}

TEST_F(SessionMode, follows_the_variables) {
    variables_["XDG_CONFIG_HOME"] = "/c";
    variables_["XDG_STATE_HOME"] = "/s";
    variables_["DBUS_SESSION_BUS_ADDRESS"] = "unix:abstract=/b";
    auto const options = take();
    EXPECT_EQ(options.configs, std::vector<std::string>{"/c/apiary/apiary.conf"});
    EXPECT_EQ(options.state_dir, "/s/apiary");
    EXPECT_EQ(options.log_dir, "/s/apiary/log");
    EXPECT_EQ(options.bus_address, "unix:abstract=/b");
}

TEST_F(SessionMode, ignores_paths_that_are_not_absolute) {
    variables_["XDG_CONFIG_HOME"] = "c";
    variables_["XDG_STATE_HOME"] = "./s";
    variables_["HOME"] = "home";
    auto const options = take();
    EXPECT_EQ(options.configs, std::vector<std::string>{"/of/account/.config/apiary/apiary.conf"});
    EXPECT_EQ(options.state_dir, "/of/account/.local/state/apiary");
}

TEST_F(SessionMode, asks_for_nothing_that_was_said) {
    variables_.clear();
    home_.clear();
    Options options;
    options.configs = {"x"};
    options.state_dir = "/state";
    options.run_dir = "/run";
    options.bus_address = "unix:path=/bus";
    auto const taken =
        take({.config = true, .run_dir = true, .state_dir = true, .log_dir = false, .bus_address = true}, options);
    EXPECT_EQ(taken.configs, std::vector<std::string>{"x"});
    EXPECT_EQ(taken.run_dir, "/run");
    EXPECT_EQ(taken.log_dir, "/state/log");
    EXPECT_EQ(taken.bus_address, "unix:path=/bus");
}

TEST_F(SessionMode, escapes_the_path_of_the_bus) {
    auto const odd = runtime_ + "/a;b c";
    ASSERT_TRUE(fs::create_directory(odd));
    ASSERT_EQ(::chown(odd.c_str(), uid, static_cast<gid_t>(-1)), 0);
    variables_["XDG_RUNTIME_DIR"] = odd;
    EXPECT_EQ(take().bus_address, "unix:path=" + runtime_ + "/a%3bb%20c/bus");
}

TEST_F(SessionMode, says_what_is_missing) {
    variables_.erase("XDG_RUNTIME_DIR");
    EXPECT_NE(refusal().find("XDG_RUNTIME_DIR is not set (to an absolute path): log in"), std::string::npos)
        << refusal();
    variables_["XDG_RUNTIME_DIR"] = "run";
    EXPECT_NE(refusal().find("is not set (to an absolute path)"), std::string::npos) << refusal();
    variables_["XDG_RUNTIME_DIR"] = runtime_ + "/none";
    EXPECT_NE(refusal().find("/none, cannot be used: No such file or directory"), std::string::npos) << refusal();
    variables_.erase("HOME");
    home_.clear();
    EXPECT_NE(refusal().find("neither XDG_CONFIG_HOME nor HOME"), std::string::npos) << refusal();
}

TEST_F(SessionMode, believes_no_folder_that_others_can_write_to) {
    ASSERT_EQ(::chmod(runtime_.c_str(), 0770), 0);
    EXPECT_NE(refusal().find("is not a folder that user 4711 owns and nobody else can write to"), std::string::npos);
    ASSERT_EQ(::chmod(runtime_.c_str(), 0700), 0);
    EXPECT_EQ(refusal(), "taken");
    asker_ = uid + 1;
    EXPECT_NE(refusal().find("is not a folder that user 4712 owns"), std::string::npos);
}

TEST_F(SessionMode, is_not_for_root) {
    asker_ = 0;
    EXPECT_NE(refusal().find("--session is for a user's own VMs, and this is root"), std::string::npos);
}

TEST_F(SessionMode, runs_no_vm_of_another_user) {
    auto const faults = faults_in_session([](auto const&) { return std::vector<Hypervisor::Fault>{{"x", "y"}}; }, uid);
    Definition vm;
    vm.owner = uid;
    EXPECT_EQ(faults(vm).size(), 1U);
    vm.owner = uid + 1;
    vm.owner_name = "bob";
    auto const found = faults(vm);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[1].key, "owner");
    EXPECT_NE(found[1].text.find("a VM of bob"), std::string::npos);
    EXPECT_NE(found[1].text.find("uid 4711"), std::string::npos);
    EXPECT_EQ(faults_in_session({}, uid)(vm).size(), 1U);
}

}  // namespace
}  // namespace apiary
