// Starts and stops that follow from definitions: boot policies, delays, reboot_on_change.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class BootPolicies : public EngineFixture {
protected:
    auto guest() -> Process& { return hypervisor.last(); }
    void end() {
        guest().exited(Reason::guest_poweroff);
        loop.run_ready();
    }
    // With boot = yes and reboot_on_change, running.
    void run(seconds delay = seconds{0}) {
        define({eager("64M", delay)});
        loop.advance(delay);
        guest().up();
        loop.run_ready();
        ASSERT_EQ(where(), "running");
    }
    static auto eager(std::string memory, seconds delay = seconds{0}) -> Wanted {
        return {.name = "vm",
                .boot = BootPolicy::yes,
                .boot_delay = delay,
                .memory = std::move(memory),
                .reboot_on_change = true};
    }
    [[nodiscard]] auto incarnation() const -> std::uint64_t { return status().incarnation; }
};

TEST_F(BootPolicies, AtTheStartOfTheDaemon) {
    hypervisor.obedient = true;
    define({{.name = "no"},
            {.name = "yes", .boot = BootPolicy::yes},
            {.name = "once", .boot = BootPolicy::oneshot},
            {.name = "always", .boot = BootPolicy::always}});
    EXPECT_EQ(where("no"), "stopped");
    for (auto const* const name : {"yes", "once", "always"}) {
        EXPECT_EQ(where(name), "running") << name;
    }
}

TEST_F(BootPolicies, BootDelay) {
    hypervisor.obedient = true;
    define({{.name = "vm", .boot = BootPolicy::yes, .boot_delay = seconds{20}}});
    loop.advance(seconds{19});
    EXPECT_EQ(where(), "stopped");
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(status().incarnation, 1U);
}

TEST_F(BootPolicies, AnybodysCommandEndsTheBootDelay) {
    define({{.name = "vm", .boot = BootPolicy::yes, .boot_delay = seconds{20}}});
    tell(Command::stop, "vm");
    loop.advance(minutes{5});
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(BootPolicies, VanishedDuringItsBootDelay) {
    define({{.name = "vm", .boot = BootPolicy::yes, .boot_delay = seconds{20}}});
    define({});
    EXPECT_EQ(loop.armed_timers(), 0U);
    loop.advance(minutes{1});
    EXPECT_TRUE(asked.empty());
}

TEST_F(BootPolicies, NewAtAReloadItStartsAsConfigured) {
    hypervisor.obedient = true;
    define({});
    define({{.name = "vm", .boot = BootPolicy::yes}});
    EXPECT_EQ(where(), "running");
}

// -- reboot_on_change ------------------------------------------------------------------------------------------------

TEST_F(BootPolicies, ARestartPausesForThreeSeconds) {
    run();
    define({eager("128M")});
    EXPECT_EQ(where(), "stopping/acpi");
    EXPECT_EQ(status().reason_text, "its definition has changed (reboot_on_change)");
    EXPECT_TRUE(status().config_pending);
    end();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().target, Target::running);
    loop.advance(milliseconds{2999});
    EXPECT_EQ(where(), "stopped");
    loop.advance(milliseconds{1});
    EXPECT_EQ(where(), "starting/launching");
    EXPECT_EQ(guest().request.definition->memory_text, "128M");
    EXPECT_FALSE(status().config_pending);
}

TEST_F(BootPolicies, ARestartHonoursALongerDelay) {
    run(seconds{20});
    define({eager("128M", seconds{20})});
    end();
    loop.advance(seconds{19});
    EXPECT_EQ(where(), "stopped");
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "starting/launching");
}

TEST_F(BootPolicies, ARestartWhoseGuestDoesNotHear) {
    run();
    define({eager("128M")});
    hypervisor.obeys_kill = true;
    loop.advance(seconds{30});
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    loop.advance(seconds{3});
    EXPECT_EQ(incarnation(), 2U);
}

TEST_F(BootPolicies, ARestartAfterADeathIsOne) {
    run();
    define({eager("128M")});
    guest().exited(Reason::killed, "signal 9");
    loop.run_ready();
    loop.advance(seconds{3});
    EXPECT_EQ(where(), "starting/launching");
}

TEST_F(BootPolicies, AtRestItStartsAfterASecond) {
    run();
    end();
    define({eager("128M")});
    loop.advance(milliseconds{999});
    EXPECT_EQ(where(), "stopped");
    loop.advance(milliseconds{1});
    EXPECT_EQ(where(), "starting/launching");
}

TEST_F(BootPolicies, WhatAPersonStoppedStaysStopped) {
    run();
    tell(Command::stop, "vm");
    define({eager("96M")});
    EXPECT_EQ(status().target, Target::stopped);
    end();
    define({eager("128M")});
    loop.advance(minutes{5});
    EXPECT_EQ(where(), "stopped");
    // Until it runs again.
    start();
    end();
    define({eager("64M")});
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "starting/launching");
}

TEST_F(BootPolicies, AStopOfAStoppedOneIsAWordToo) {
    run();
    end();
    tell(Command::stop, "vm");
    define({eager("128M")});
    loop.advance(minutes{5});
    EXPECT_EQ(where(), "stopped");
}

TEST_F(BootPolicies, AStopEndsARestart) {
    run();
    define({eager("128M")});
    auto const stop = tell(Command::stop, "vm");
    end();
    EXPECT_EQ(result(stop), "done");
    loop.advance(minutes{5});
    EXPECT_EQ(where(), "stopped");
}

TEST_F(BootPolicies, AStopInThePauseEndsARestart) {
    run();
    define({eager("128M")});
    end();
    tell(Command::poweroff, "vm");
    EXPECT_EQ(status().target, Target::stopped);
    EXPECT_EQ(loop.armed_timers(), 1U);  // the job's
    loop.advance(minutes{5});
    EXPECT_EQ(where(), "stopped");
}

TEST_F(BootPolicies, AStartInThePauseIsTheStart) {
    run();
    define({eager("128M")});
    end();
    start();
    loop.advance(minutes{5});
    EXPECT_EQ(incarnation(), 2U);
}

TEST_F(BootPolicies, ACanceledStopIsNoStop) {
    run();
    auto const stop = tell(Command::stop, "vm");
    cancel(stop->job());
    end();
    define({eager("128M")});
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "starting/launching");
}

TEST_F(BootPolicies, ItRestartsOnceForAChange) {
    run();
    define({eager("128M")});
    define({eager("128M")});
    end();
    loop.advance(seconds{3});
    guest().up();
    loop.run_ready();
    define({eager("128M")});
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(incarnation(), 2U);
}

TEST_F(BootPolicies, ARestartEndsWithTheWishForIt) {
    run();
    define({eager("128M")});
    define({{.name = "vm", .memory = "128M"}});  // boot = no
    end();
    loop.advance(minutes{5});
    EXPECT_EQ(where(), "stopped");
}

TEST_F(BootPolicies, AChangeThatWaitsIsMadeWhenItMayBe) {
    define({{.name = "vm", .boot = BootPolicy::yes}});
    guest().up();
    loop.run_ready();
    define({{.name = "vm", .boot = BootPolicy::yes, .memory = "128M"}});
    EXPECT_EQ(where(), "running");
    define({eager("128M")});
    EXPECT_EQ(where(), "stopping/acpi");
}

TEST_F(BootPolicies, ReturningToWhatItRunsWithIsNoReasonToRestart) {
    define({{.name = "vm", .boot = BootPolicy::yes}});
    guest().up();
    loop.run_ready();
    define({{.name = "vm", .boot = BootPolicy::yes, .memory = "128M"}});
    define({eager("64M")});
    EXPECT_EQ(where(), "running");
    EXPECT_FALSE(status().config_pending);
}

TEST_F(BootPolicies, NoRestartWhileTheDaemonEnds) {
    run();
    define({eager("128M")});
    engine->shut_down({});
    loop.run_ready();
    end();
    EXPECT_EQ(status().target, Target::stopped);
    loop.advance(minutes{5});
    EXPECT_EQ(incarnation(), 1U);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

// -- what holds at once ----------------------------------------------------------------------------------------------

TEST_F(BootPolicies, TheStopTimeoutOfARunningVm) {
    define({{.name = "vm"}});
    start();
    define({{.name = "vm", .stop_timeout = seconds{90}, .memory = "128M"}});
    EXPECT_TRUE(status().config_pending);
    tell(Command::stop, "vm");
    loop.advance(seconds{89});
    EXPECT_EQ(where(), "stopping/acpi");
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "stopping/killing");
    EXPECT_NE(status().reason_text.find("within 90 s"), std::string::npos) << status().reason_text;
}

TEST_F(BootPolicies, AGuestRebootsAsItWasStarted) {
    define({{.name = "vm"}});
    start();
    define({{.name = "vm", .boot = BootPolicy::oneshot}});
    EXPECT_FALSE(status().config_pending);
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(where(), "running/rebooting");
    guest().up();
    end();
    start();
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
}

TEST_F(BootPolicies, BackWhileItIsShutDownItIsStartedAgain) {
    define({{.name = "vm", .boot = BootPolicy::yes}});
    guest().up();
    loop.run_ready();
    define({});
    define({{.name = "vm", .boot = BootPolicy::yes}});
    end();
    loop.advance(seconds{3});
    EXPECT_EQ(where(), "starting/launching");
    EXPECT_EQ(observer.of_type(EventType::vm_removed).size(), 0U);
}

TEST_F(BootPolicies, AnUndoThatIsLeftComesBeforeTheStart) {
    run();
    storage.undo_failures = 1;
    end();
    EXPECT_EQ(where(), "failed/undo-pending");
    define({eager("128M")});
    EXPECT_EQ(where(), "failed/undo-pending");
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "failed");
    loop.advance(seconds{3});
    EXPECT_EQ(where(), "starting/launching");
}

}  // namespace
}  // namespace apiary::test
