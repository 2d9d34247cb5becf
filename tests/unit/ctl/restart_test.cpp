// apiaryctl daemon restart: what it waits for, and what it says of each end.
#include <gtest/gtest.h>

#include "ctl/commands/commands.hpp"
#include "fake_client.hpp"

namespace apiary::ctl {
namespace {

auto notice(Notice::Kind kind) -> Notice {
    Notice made;
    made.kind = kind;
    return made;
}

struct RestartCommand : ::testing::Test {
    RestartCommand() {
        asked.action = Invocation::Action::daemon_restart;
        scene.add_vm("db", "running");
        scene.add_vm("old", "stopped");
        scene.add_vm("web", "paused");
    }
    void goes_and_comes() {
        scene.daemon.notices = {notice(Notice::Kind::daemon_gone), notice(Notice::Kind::daemon_back)};
    }
    Scene scene;
    Invocation asked;
};

TEST_F(RestartCommand, says_how_many_vms_the_next_daemon_goes_on_with) {
    goes_and_comes();
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "apiaryd 9.9 is back: it goes on with 2 VMs\n");
    EXPECT_EQ(scene.daemon.calls.front(), "restart");
}

TEST_F(RestartCommand, says_that_it_is_another_version) {
    goes_and_comes();
    scene.daemon.next_version = "10.0";
    asked.force = true;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "apiaryd 10.0 is there in place of 9.9: it goes on with 2 VMs\n");
    EXPECT_EQ(scene.daemon.calls.front(), "restart force");
}

TEST_F(RestartCommand, json) {
    goes_and_comes();
    scene.daemon.next_version = "10.0";
    asked.json = true;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "{\"result\":\"done\",\"before\":\"9.9\",\"daemon\":\"10.0\",\"vms\":2}\n");
}

TEST_F(RestartCommand, does_not_wait_if_it_shall_not) {
    asked.wait = false;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "the daemon starts again\n");
}

TEST_F(RestartCommand, tells_of_one_that_does_not_come_back) {
    scene.daemon.notices = {notice(Notice::Kind::daemon_gone)};  // then the time is over
    EXPECT_EQ(run(scene.context, asked), ExitCode::unreachable);
    EXPECT_NE(scene.err.str().find("none has taken its place"), std::string::npos) << scene.err.str();
    EXPECT_NE(scene.err.str().find("The VMs run on without a daemon."), std::string::npos) << scene.err.str();
}

TEST_F(RestartCommand, tells_of_one_that_does_not_go) {
    EXPECT_EQ(run(scene.context, asked), ExitCode::unreachable);
    EXPECT_NE(scene.err.str().find("has not ended"), std::string::npos) << scene.err.str();
}

TEST_F(RestartCommand, tells_of_a_bus_that_goes_away) {
    scene.daemon.notices = {notice(Notice::Kind::bus_lost)};
    EXPECT_EQ(run(scene.context, asked), ExitCode::unreachable);
    EXPECT_NE(scene.err.str().find("The bus has gone away"), std::string::npos) << scene.err.str();
}

TEST_F(RestartCommand, passes_on_why_it_was_refused) {
    scene.daemon.refusals.emplace("restart", Failure{ExitCode::failed, "a.conf:1:1: wrong", {}, "ConfigInvalid"});
    EXPECT_EQ(run(scene.context, asked), ExitCode::failed);
    EXPECT_NE(scene.err.str().find("a.conf:1:1: wrong"), std::string::npos);
    EXPECT_NE(scene.err.str().find("Correct the configuration"), std::string::npos);
}

}  // namespace
}  // namespace apiary::ctl
