// The limit of restarts and reboots.
#include "restarts_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

TEST_F(Restarts, ThreeCrashesAreBorneAndTheNextIsOneTooMany) {
    run(always());
    wear_out();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::restart_limit);
    EXPECT_EQ(text(),
              "it was restarted 3 times within 30 s (maxrestart, maxrestarttime); its last end: killed: signal 9");
    EXPECT_EQ(status().incarnation, 4U);
    EXPECT_EQ(status().target, Target::stopped);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Restarts, RestartsThatAreFarApartNeverReachIt) {
    run(always());
    for (int i = 0; i < 8; ++i) {
        loop.advance(minutes{11});
        end();
        EXPECT_EQ(where(), "stopped/backoff") << i;
        loop.advance(seconds{1});  // and each begins with the first pause
        ASSERT_EQ(where(), "starting/launching") << i;
        up();
    }
}

TEST_F(Restarts, FailresetBeginsAnew) {
    run(always());
    wear_out();
    EXPECT_EQ(result(tell(Command::fail_reset, "vm")), "done");
    EXPECT_EQ(where(), "stopped");
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "stopped");  // starting it is up to whoever did that
    start();
    wear_out();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().incarnation, 8U);
}

TEST_F(Restarts, APersonsStartBeginsAnew) {
    run(always());
    wear_out();
    start();
    end();
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_TRUE(says("restart 1 of at most 3")) << text();
}

TEST_F(Restarts, AGuestThatRebootsTooOftenByNewProcesses) {
    run({.name = "vm"});
    for (int i = 0; i < 3; ++i) {
        reboot();
        EXPECT_EQ(where(), "running/rebooting") << i;
        up();
    }
    reboot();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::restart_limit);
    EXPECT_TRUE(says("its last end: guest-reboot")) << text();
    EXPECT_EQ(observer.of_type(EventType::reboot).size(), 3U);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Restarts, AGuestThatRebootsBeforeItIsUp) {
    define({{.name = "vm"}});
    auto const job = tell(Command::start, "vm");
    for (int i = 0; i < 4; ++i) {
        reboot();
    }
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(result(job), "failed");
    EXPECT_EQ(hypervisor.processes.size(), 4U);
}

TEST_F(Restarts, AGuestThatRebootsTooOftenInItsProcess) {
    run({.name = "vm"});
    for (int i = 0; i < 3; ++i) {
        reset();
        EXPECT_EQ(where(), "running/rebooting") << i;
        loop.advance(seconds{2});
    }
    reset();
    EXPECT_EQ(where(), "stopping/killing");
    EXPECT_EQ(asked, Words{"quit"});
    end(Reason::requested, {});
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::restart_limit);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Restarts, RebootsNowAndThenAreNothing) {
    run({.name = "vm"});
    for (int i = 0; i < 20; ++i) {
        reset();
        loop.advance(seconds{11});
        EXPECT_EQ(where(), "running") << i;
    }
}

TEST_F(Restarts, WhatAPersonResetsDoesNotCount) {
    run({.name = "vm"});
    for (int i = 0; i < 10; ++i) {
        tell(Command::reset, "vm");
        reset(Reason::requested);
        loop.advance(seconds{1});
    }
    EXPECT_NE(where(), "failed");
    for (int i = 0; i < 10; ++i) {
        tell(Command::reset, "vm");
        reboot();
        up();
    }
    EXPECT_EQ(where(), "running");
}

TEST_F(Restarts, RebootsAndCrashesCountTogether) {
    run(always());
    for (int i = 0; i < 3; ++i) {
        reboot();
        up();
    }
    end();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::restart_limit);
}

TEST_F(Restarts, NoneAreAllowed) {
    run(always({.restarts = 0, .within = seconds{30}}));
    reboot();
    EXPECT_EQ(where(), "failed");
    EXPECT_TRUE(says("may not be restarted (maxrestart is 0)")) << text();
}

TEST_F(Restarts, TheLimitOfANewDefinitionHoldsAtOnce) {
    run({.name = "vm"});
    define({{.name = "vm", .restart_limit = {.restarts = 1, .within = seconds{30}}}});
    EXPECT_FALSE(status().config_pending);
    reboot();
    up();
    reboot();
    EXPECT_EQ(where(), "failed");
}

}  // namespace
}  // namespace apiary::test
