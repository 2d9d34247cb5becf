// What the next daemon does about a VM, by where the last one left it and by what has become of its guest since.
#include "recovered_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Kind = GuestEvent::Kind;
using Words = std::vector<std::string>;

TEST_F(Recovered, ARunningGuestIsAdopted) {
    start();
    auto const before = world.observer.events.size();
    die();
    EXPECT_EQ(world.where(), "running");
    EXPECT_EQ(status().incarnation, 1U);
    EXPECT_EQ(status().hypervisor_pid, world.process()->pid);
    ASSERT_EQ(world.hypervisor.adoptions.size(), 1U);
    EXPECT_EQ(world.hypervisor.adoptions[0].run_dir, "/run/apiary/0/1");
    EXPECT_EQ(world.hypervisor.adoptions[0].launch, 1U);
    EXPECT_EQ(world.observer.events.size(), before);  // nothing has happened to it
    tell(Command::stop);
    world.process()->exited(Reason::guest_poweroff);
    settle();
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

TEST_F(Recovered, RequestsWaitForTheAnswerOfTheGuest) {
    start();
    world.hypervisor.adoption = [](LaunchRequest const&) { return std::nullopt; };
    die();
    tell(Command::pause);
    EXPECT_EQ(world.process()->count("pause"), 0U);
    world.process()->up();
    settle();
    EXPECT_EQ(world.process()->count("pause"), 1U);
}

TEST_F(Recovered, PowerOffDoesNotWait) {
    start();
    world.hypervisor.adoption = [](LaunchRequest const&) { return std::nullopt; };
    die();
    tell(Command::poweroff);
    EXPECT_EQ(world.where(), "stopping/killing");
    world.loop.advance(seconds{5});
    EXPECT_EQ(world.where(), "stopped");
}

TEST_F(Recovered, WhoCannotBeAskedIsToldOfAndCanBeEnded) {
    start();
    world.hypervisor.adoption = [](LaunchRequest const&) {
        return GuestEvent{.kind = Kind::unreachable, .text = "silence"};
    };
    die();
    EXPECT_EQ(world.where(), "running");
    auto const notices = world.observer.of_type(EventType::notice, "vm");
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_NE(notices[0].details.at("text").find("silence"), std::string::npos);
    tell(Command::poweroff);
    world.loop.advance(seconds{5});
    EXPECT_EQ(world.where(), "stopped");
}

TEST_F(Recovered, APausedGuestThatWasResumed) {
    start();
    tell(Command::pause);
    world.process()->paused();
    settle();
    world.process()->resumed();  // by somebody else, while nobody listens
    die();
    EXPECT_EQ(world.where(), "running");
}

TEST_F(Recovered, ARequestUnderWayFails) {
    start();
    tell(Command::pause);
    die();
    EXPECT_EQ(ended_jobs(), (Words{"start done", "pause failed"}));
    EXPECT_EQ(world.where(), "running");
}

TEST_F(Recovered, ThePowerButtonIsPressedAgainAndTheTimeGoesOn) {
    start();
    tell(Command::stop);
    world.loop.advance(seconds{20});
    die();
    EXPECT_EQ(world.where(), "stopping/acpi");
    EXPECT_EQ(world.process()->count("press"), 2U);
    world.loop.advance(seconds{9});
    EXPECT_EQ(world.where(), "stopping/acpi");
    world.loop.advance(seconds{1});
    EXPECT_EQ(world.where(), "stopping/killing");
    world.loop.advance(seconds{5});
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(ended_jobs(), (Words{"start done", "stop timeout"}));
}

TEST_F(Recovered, APausedGuestIsWokenBeforeTheButtonIsPressedAgain) {
    start();
    tell(Command::stop);
    world.process()->paused();
    settle();
    die();
    EXPECT_EQ(world.asked, (Words{"adopt", "resume", "press"}));
}

TEST_F(Recovered, TheKillGoesOn) {
    start();
    tell(Command::poweroff);
    die();
    EXPECT_EQ(world.asked, (Words{"adopt", "quit"}));
    world.loop.advance(seconds{5});
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(ended_jobs(), (Words{"start done", "poweroff done"}));
}

TEST_F(Recovered, AStartThatHadNotComeToItsLaunchBeginsAnew) {
    world.storage.prestart_answer = A::silent;
    tell(Command::start);
    world.storage.prestart_answer = A::ok;
    die();
    EXPECT_EQ(world.asked, (Words{"storage:poststop", "network:poststop", "network:prestart", "storage:prestart",
                                  "hook:prestart", "launch"}));
    EXPECT_EQ(status().incarnation, 2U);
    world.process()->up();
    settle();
    EXPECT_EQ(ended_jobs(), Words{"start done"});
}

TEST_F(Recovered, WhatACalledOffPrestartMadeLateIsKnownToItsUndo) {
    world.storage.prestart_answer = world.storage.undo_answer = A::silent;
    tell(Command::start);
    tell(Command::poweroff);
    EXPECT_EQ(world.where(), "stopping/poststop");
    ASSERT_TRUE(world.storage.answer({.kind = StepResult::Kind::failed,
                                      .text = "canceled",
                                      .contributions = {{"note", "volume", "vg0/web", nullptr}}}));
    settle();
    EXPECT_EQ(world.where(), "stopping/poststop");
    world.storage.prestart_answer = world.storage.undo_answer = A::ok;
    die();
    EXPECT_EQ(world.where(), "stopped");
    auto const& undo = world.storage.calls.back();
    EXPECT_EQ(undo.what, "poststop");
    ASSERT_EQ(undo.call.contributions.size(), 1U);
    EXPECT_EQ(undo.call.contributions[0].value, "vg0/web");
}

TEST_F(Recovered, AStopCutsShortTheStartThatWouldBeginAnew) {
    world.storage.prestart_answer = A::silent;
    tell(Command::start);
    world.storage.undo_answer = A::silent;
    die();
    EXPECT_EQ(world.where(), "starting/prestart");
    tell(Command::stop);
    EXPECT_EQ(world.where(), "stopping/poststop");
    world.storage.answer_newest({.text = {}, .contributions = {}});
    settle();
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(ended_jobs(), (Words{"start superseded", "stop done"}));
}

// The deadline of the undo holds on, though the state in which it was set is left.
TEST_F(Recovered, AnUndoThatDoesNotAnswerIsGivenUpOnAfterAStop) {
    world.storage.prestart_answer = A::silent;
    tell(Command::start);
    world.storage.undo_answer = A::silent;
    die();
    tell(Command::stop);
    world.loop.advance(minutes{1});
    EXPECT_EQ(world.where(), "failed/undo-pending");
    world.storage.undo_answer = A::ok;
    world.loop.advance(seconds{2});
    EXPECT_EQ(world.where(), "failed");
}

TEST_F(Recovered, WhatCannotBeUndoneKeepsItFromStartingAnew) {
    world.storage.prestart_answer = A::silent;
    tell(Command::start);
    world.storage.undo_failures = 2;
    die();
    EXPECT_EQ(world.where(), "failed/undo-pending");
    EXPECT_EQ(ended_jobs(), Words{"start failed"});
    die();
    EXPECT_EQ(world.where(), "failed/undo-pending");
    world.loop.advance(seconds{1});
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

TEST_F(Recovered, AHypervisorThatWasNotUpIsNotTakenOver) {
    tell(Command::start);
    die();
    EXPECT_EQ(world.where(), "starting/launching");
    EXPECT_EQ(world.hypervisor.processes.size(), 2U);
    EXPECT_EQ(world.hypervisor.alive(), 1U);
    EXPECT_EQ(world.process()->request.run_dir, "/run/apiary/0/2");
    world.process()->up();
    settle();
    EXPECT_EQ(ended_jobs(), Words{"start done"});
}

TEST_F(Recovered, ARebootMeanwhileLaunchesItAgainWithRenewedDescriptors) {
    start();
    world.process()->exited(Reason::guest_reboot);
    die();
    EXPECT_EQ(world.asked, (Words{"adopt", "forget", "network:renew", "storage:renew", "hook:renew", "launch"}));
    EXPECT_EQ(world.process()->request.launch, 2U);
    EXPECT_EQ(world.process()->request.run_dir, "/run/apiary/0/1");
    EXPECT_EQ(world.where(), "running/rebooting");
    world.process()->exited(Reason::guest_reboot);
    world.asked.clear();
    settle();
    EXPECT_EQ(world.asked, (Words{"forget", "launch"}));  // what was renewed is this daemon's own
    EXPECT_EQ(world.process()->request.launch, 3U);
}

TEST_F(Recovered, AStepThatWantsToKnowOfRebootsIsAskedBeforeEachLaunch) {
    world.hook.at_reboot = true;
    start();
    world.process()->exited(Reason::guest_reboot);
    world.asked.clear();
    settle();
    EXPECT_EQ(world.asked, (Words{"forget", "hook:renew", "launch"}));
    world.hook.renew_answer = A::failed;
    world.process()->up();
    world.process()->exited(Reason::guest_reboot);
    settle();
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(status().reason_text, "step hook: no");
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

TEST_F(Recovered, WhatCannotBeRenewedIsItsEnd) {
    start();
    world.process()->exited(Reason::guest_reboot);
    world.storage.renew_answer = A::failed;
    die();
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(status().reason, Reason::step_failed);
    EXPECT_EQ(status().reason_text, "step storage: no");
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

TEST_F(Recovered, ARenewalWithoutAnAnswerHasADeadline) {
    start();
    world.process()->exited(Reason::guest_reboot);
    world.storage.renew_answer = A::silent;
    die();
    world.loop.advance(minutes{1});
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(status().reason, Reason::step_timeout);
}

TEST_F(Recovered, AStopDuringTheRenewalLaunchesNothing) {
    start();
    world.process()->exited(Reason::guest_reboot);
    world.storage.renew_answer = A::silent;
    die();
    tell(Command::stop);
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(world.hypervisor.alive(), 0U);
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

TEST_F(Recovered, WhatNobodyFindsHasEndedForAnUnknownReason) {
    start();
    world.hypervisor.last().alive = false;
    world.hypervisor.last().forgotten = true;
    die();
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(status().reason, Reason::unknown);
}

}  // namespace
}  // namespace apiary::test
