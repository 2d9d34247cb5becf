// The failure policy over deaths of the daemon: what counts is kept, and who waits goes on waiting.
#include "recovered_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class RecoveredRestarts : public Recovered {
protected:
    // Up, as boot = always says.
    void run(RestartLimit limit = {.restarts = 3, .within = seconds{30}}) {
        world.definitions = {{.name = "vm", .boot = BootPolicy::always, .restart_limit = limit}};
        world.die();
        settle();
        up();
    }
    void up() {
        world.process()->up();
        settle();
    }
    void crash() {
        world.process()->exited(Reason::killed, "signal 9");
        settle();
    }
};

TEST_F(RecoveredRestarts, TheWaitGoesOn) {
    run();
    for (auto const pause : {seconds{1}, seconds{2}}) {
        crash();
        world.loop.advance(pause);
        up();
    }
    crash();  // four seconds
    world.loop.advance(seconds{3});
    die();
    EXPECT_EQ(world.where(), "stopped/backoff");
    EXPECT_EQ(status().target, Target::running);
    EXPECT_NE(status().reason_text.find("restart 3 of at most 3"), std::string::npos) << status().reason_text;
    world.loop.advance(milliseconds{999});
    EXPECT_EQ(world.where(), "stopped/backoff");
    world.loop.advance(milliseconds{1});
    EXPECT_EQ(world.where(), "starting/launching");
}

TEST_F(RecoveredRestarts, WhatIsOverdueStartsAtOnce) {
    run();
    crash();
    auto const kept = world.store.record_of("vm");
    ASSERT_TRUE(kept && kept->start_due);
    world.loop.advance(milliseconds{400});
    world.die();
    world.die();
    world.loop.advance(milliseconds{600});
    EXPECT_EQ(world.where(), "starting/launching");
    EXPECT_EQ(status().incarnation, 2U);
}

TEST_F(RecoveredRestarts, TheStampsCount) {
    run();
    for (auto const pause : {seconds{1}, seconds{2}, seconds{4}}) {
        crash();
        die();
        world.loop.advance(pause);
        up();
        die();
    }
    ASSERT_EQ(world.store.record_of("vm")->restarts.size(), 3U);
    crash();
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(status().reason, Reason::restart_limit);
    die();
    EXPECT_EQ(world.where(), "failed");
    EXPECT_NE(status().reason_text.find("restarted 3 times"), std::string::npos);
    tell(Command::fail_reset);
    EXPECT_TRUE(world.store.record_of("vm")->restarts.empty());
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

TEST_F(RecoveredRestarts, ACrashMeanwhileIsACrash) {
    run();
    world.process()->exited(Reason::killed, "signal 11");
    die();
    EXPECT_EQ(world.where(), "stopped/backoff");
    EXPECT_NE(status().reason_text.find("signal 11"), std::string::npos);
}

TEST_F(RecoveredRestarts, ARebootMeanwhileCounts) {
    run({.restarts = 1, .within = seconds{30}});
    world.process()->exited(Reason::guest_reboot);
    die();
    EXPECT_EQ(world.where(), "running/rebooting");
    die();  // it is launched anew, and still is one reboot
    EXPECT_EQ(world.where(), "running/rebooting");
    EXPECT_EQ(world.store.record_of("vm")->restarts.size(), 1U);
    up();
    world.process()->exited(Reason::guest_reboot);
    die();
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(status().reason, Reason::restart_limit);
}

TEST_F(RecoveredRestarts, AStopIsRemembered) {
    run();
    crash();
    tell(Command::stop);
    die();
    world.loop.advance(minutes{10});
    EXPECT_EQ(world.where(), "stopped");
}

TEST_F(RecoveredRestarts, AfterAnotherBootTheBootPolicyHolds) {
    run();
    crash();
    world.store.same_boot = false;
    die();
    EXPECT_EQ(world.where(), "starting/launching");
    EXPECT_EQ(status().incarnation, 2U);
    EXPECT_TRUE(world.store.record_of("vm")->restarts.empty());
}

TEST_F(RecoveredRestarts, AfterAnotherBootAnotherBootPolicyHolds) {
    run();
    crash();
    world.store.same_boot = false;
    world.definitions = {{.name = "vm"}};
    die();
    world.loop.advance(minutes{10});
    EXPECT_EQ(world.where(), "stopped");
}

TEST_F(RecoveredRestarts, AfterAnOrderlyEndTheBootPolicyHolds) {
    run();
    crash();
    bool done = false;
    world.engine->shut_down([&done] { done = true; });
    settle();
    ASSERT_TRUE(done);
    EXPECT_EQ(world.where(), "stopped");
    die();
    EXPECT_EQ(world.where(), "starting/launching");
}

}  // namespace
}  // namespace apiary::test
