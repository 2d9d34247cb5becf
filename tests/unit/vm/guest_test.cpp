// What a guest does of itself: it reboots, powers off, panics, is killed, is paused by others.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class GuestLife : public EngineFixture {
protected:
    void SetUp() override { begin({.name = "vm"}); }
    void begin(Wanted const& wanted) {
        define({wanted});
        start();
        asked.clear();
    }
    auto guest() -> Process& { return hypervisor.last(); }
};

TEST_F(GuestLife, ARebootInsideTheProcessIsOneReboot) {
    guest().reset();
    loop.run_ready();
    EXPECT_EQ(where(), "running/rebooting");
    EXPECT_EQ(status().reason, Reason::guest_reboot);
    loop.advance(seconds{2});
    EXPECT_EQ(where(), "running");
    auto const reboots = observer.of_type(EventType::reboot);
    ASSERT_EQ(reboots.size(), 1U);
    EXPECT_EQ(reboots[0].reason, Reason::guest_reboot);
    EXPECT_EQ(reboots[0].details.at("by"), "guest");
    EXPECT_EQ(status().incarnation, 1U);
    EXPECT_EQ(asked, Words{});
    EXPECT_EQ(loop.armed_timers(), 1U);  // of the ended job
}

TEST_F(GuestLife, ARebootThatEndsTheProcessIsALaunchWithoutSteps) {
    auto const dir = guest().request.run_dir;
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(where(), "running/rebooting");
    EXPECT_EQ(asked, (Words{"forget", "launch"}));
    EXPECT_EQ(guest().request.run_dir, dir);
    EXPECT_EQ(status().hypervisor_pid, guest().pid);
    EXPECT_EQ(hypervisor.alive(), 1U);
    guest().up();
    loop.run_ready();
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(status().incarnation, 1U);
    EXPECT_EQ(observer.of_type(EventType::reboot).size(), 1U);
    EXPECT_EQ(loop.armed_timers(), 1U);  // of the ended job: the loader's deadline is over
    loop.advance(minutes{1});
    EXPECT_EQ(where(), "running");
}

TEST_F(GuestLife, ARelaunchHasTheLoaderAndItsDeadline) {
    hypervisor.loader = true;
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    guest().loaded();
    loop.run_ready();
    EXPECT_EQ(where(), "running/rebooting");
    loop.advance(seconds{15});
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::loader_timeout);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(GuestLife, ARelaunchThatFailsEndsTheVm) {
    hypervisor.launches = false;
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::exec_failed);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(GuestLife, ARebootBeforeItWasUpIsALaunchToo) {
    come_to_rest();
    tell(Command::start, "vm");
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(where(), "starting/launching");
    hypervisor.last().up();
    loop.run_ready();
    EXPECT_EQ(where(), "running");
}

TEST_F(GuestLife, AStartForOnceOnlyEndsAtTheReboot) {
    come_to_rest();
    begin({.name = "vm", .boot = BootPolicy::oneshot});
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::guest_reboot);
    EXPECT_TRUE(observer.of_type(EventType::reboot).empty());
}

struct End {
    Reason reason;
    std::string where;
};
class Ends : public GuestLife, public ::testing::WithParamInterface<End> {};

TEST_P(Ends, ByExit) {
    guest().exited(GetParam().reason, "its words");
    loop.run_ready();
    EXPECT_EQ(where(), GetParam().where);
    EXPECT_EQ(status().reason, GetParam().reason);
    EXPECT_EQ(status().reason_text, "its words");
    EXPECT_EQ(status().target, Target::stopped);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_P(Ends, WithTheProcessStillThere) {
    guest().ended(GetParam().reason);
    loop.run_ready();
    EXPECT_EQ(where(), "stopping/killing");
    EXPECT_EQ(asked, Words{"quit"});
    loop.advance(seconds{5});  // it hangs
    EXPECT_EQ(where(), GetParam().where);
    EXPECT_EQ(status().reason, GetParam().reason);
    EXPECT_EQ(faults_at_rest(), Words{});
}

INSTANTIATE_TEST_SUITE_P(Reasons, Ends,
                         ::testing::Values(End{Reason::guest_poweroff, "stopped"}, End{Reason::guest_halt, "stopped"},
                                           End{Reason::guest_panic, "failed"}, End{Reason::triple_fault, "failed"},
                                           End{Reason::killed, "failed"}, End{Reason::error, "failed"},
                                           End{Reason::unknown, "failed"}));

TEST_F(GuestLife, AnEndWithoutAReasonIsUnknown) {
    guest().exited(Reason::none);
    loop.run_ready();
    EXPECT_EQ(status().reason, Reason::unknown);
    EXPECT_EQ(where(), "failed");
}

TEST_F(GuestLife, AGuestThatEndsDuringARequestEndsTheJob) {
    auto const pause = tell(Command::pause, "vm");
    guest().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(result(pause), "failed");
    EXPECT_EQ(observer.ended_jobs.at(pause->job()).reason, Reason::guest_poweroff);
    EXPECT_FALSE(observer.ended_jobs.at(pause->job()).error.empty());
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(GuestLife, PausedByOthers) {
    guest().paused();
    loop.run_ready();
    EXPECT_EQ(where(), "paused");
    EXPECT_EQ(status().reason, Reason::unknown);
    guest().resumed();
    loop.run_ready();
    EXPECT_EQ(where(), "running");
}

TEST_F(GuestLife, AnIoErrorKeepsItsReason) {
    guest().say({.kind = GuestEvent::Kind::paused, .reason = Reason::error, .text = "I/O error on disk0"});
    loop.run_ready();
    EXPECT_EQ(where(), "paused");
    EXPECT_EQ(status().reason, Reason::error);
    EXPECT_EQ(status().reason_text, "I/O error on disk0");
}

TEST_F(GuestLife, PausedDuringARebootItIsNotTakenForSettledLater) {
    guest().reset();
    loop.run_ready();
    tell(Command::pause, "vm");
    guest().paused();
    loop.run_ready();
    EXPECT_EQ(where(), "paused");
    tell(Command::resume, "vm");
    guest().resumed();
    loop.advance(seconds{5});
    EXPECT_EQ(where(), "running");
    EXPECT_TRUE(observer.of_type(EventType::notice).empty());
}

TEST_F(GuestLife, TheDeathOfItsShimIsANotice) {
    guest().say({.kind = GuestEvent::Kind::orphaned, .text = "killed"});
    loop.run_ready();
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(observer.of_type(EventType::notice).size(), 1U);
}

TEST_F(GuestLife, WhatCannotBeIsToldAndIgnored) {
    come_to_rest();
    tell(Command::start, "vm");
    guest().reset();
    loop.run_ready();
    EXPECT_EQ(where(), "starting/launching");
    EXPECT_EQ(observer.of_type(EventType::notice).size(), 1U);
    EXPECT_TRUE(observer.of_type(EventType::reboot).empty());
}

TEST_F(GuestLife, TheOldProcessIsNotHeardAfterTheNewOneIsThere) {
    auto const old = hypervisor.processes.back();
    old->exited(Reason::guest_reboot);
    old->say({.kind = GuestEvent::Kind::exited, .reason = Reason::killed, .text = {}});
    old->say({.kind = GuestEvent::Kind::up, .text = {}});
    loop.run_ready();
    EXPECT_EQ(where(), "running/rebooting");
}

}  // namespace
}  // namespace apiary::test
