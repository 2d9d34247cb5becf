// Stop, power-off, and what supersedes what.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class Stop : public EngineFixture {
protected:
    void SetUp() override { begin({.name = "vm"}); }
    void begin(Wanted const& wanted) {
        define({wanted});
        start();
        asked.clear();
    }
    auto guest() -> Process& { return hypervisor.last(); }
};

TEST_F(Stop, TheGuestHearsTheButton) {
    auto const stop = tell(Command::stop, "vm");
    EXPECT_EQ(where(), "stopping/acpi");
    EXPECT_EQ(status().target, Target::stopped);
    guest().ended(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(where(), "stopping/killing");
    guest().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::requested);  // the first cause
    EXPECT_EQ(result(stop), "done");
    EXPECT_EQ(asked, (Words{"press", "quit", "forget", "hook:poststop", "storage:poststop", "network:poststop"}));
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Stop, StopTimeoutThenQuitThenKill) {
    hypervisor.obeys_kill = false;
    auto const stop = tell(Command::stop, "vm");
    loop.advance(seconds{30} - milliseconds{1});
    EXPECT_EQ(guest().count("quit"), 0U);
    loop.advance(milliseconds{1});
    EXPECT_EQ(where(), "stopping/killing");
    EXPECT_EQ(guest().count("quit"), 1U);
    loop.advance(seconds{5});
    EXPECT_EQ(guest().count("kill"), 1U);
    loop.advance(seconds{10});
    EXPECT_EQ(guest().count("kill"), 2U);  // again: nothing else is left to try
    EXPECT_EQ(result(stop), "running");
    guest().exited(Reason::killed);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::stop_timeout);
    EXPECT_EQ(result(stop), "timeout");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Stop, ASilentHypervisorIsKilledAfterQuit) {
    auto const off = tell(Command::poweroff, "vm");
    EXPECT_EQ(asked, Words{"quit"});
    loop.advance(seconds{5});
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(guest().count("kill"), 1U);
    EXPECT_EQ(result(off), "done");
}

TEST_F(Stop, StopTimeoutZeroPowersOffAtOnce) {
    tell(Command::poweroff, "vm");
    loop.advance(seconds{5});
    begin({.name = "vm", .stop_timeout = seconds{0}});
    auto const stop = tell(Command::stop, "vm");
    EXPECT_EQ(asked, Words{"quit"});
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::requested);
    EXPECT_EQ(result(stop), "done");
}

TEST_F(Stop, AStopThatIsAnsweredByARebootIsEnded) {
    auto const stop = tell(Command::stop, "vm");
    guest().reset();
    loop.run_ready();
    EXPECT_EQ(where(), "stopping/killing");
    EXPECT_TRUE(observer.of_type(EventType::reboot).empty());
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(result(stop), "done");
}

TEST_F(Stop, APausedGuestIsWokenFirst) {
    tell(Command::pause, "vm");
    guest().paused();
    loop.run_ready();
    asked.clear();
    tell(Command::stop, "vm");
    EXPECT_EQ(asked, (Words{"resume", "press"}));
    guest().resumed();
    guest().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
}

TEST_F(Stop, TheChainOfSuperseding) {
    tell(Command::poweroff, "vm");
    loop.advance(seconds{5});
    auto const first = tell(Command::start, "vm");
    auto const stop = tell(Command::stop, "vm");
    EXPECT_EQ(result(first), "superseded");
    EXPECT_EQ(where(), "stopping/killing");
    auto const off = tell(Command::poweroff, "vm");
    EXPECT_EQ(result(stop), "superseded");
    EXPECT_EQ(result(off), "running");
    // Who asks for less than what is under way gets that.
    EXPECT_EQ(tell(Command::stop, "vm")->job(), off->job());
    EXPECT_EQ(tell(Command::poweroff, "vm")->job(), off->job());
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(result(off), "done");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Stop, TwiceIsTheSameJob) {
    auto const stop = tell(Command::stop, "vm");
    EXPECT_EQ(tell(Command::stop, "vm")->job(), stop->job());
    EXPECT_EQ(asked, Words{"press"});
}

TEST_F(Stop, CanceledItIsStillPressedButNobodyKills) {
    auto const stop = tell(Command::stop, "vm");
    auto const canceled = cancel(stop->job());
    EXPECT_TRUE(std::holds_alternative<std::monostate>(canceled->value()));
    EXPECT_EQ(result(stop), "canceled");
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(status().target, Target::running);
    loop.advance(minutes{60});
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(asked, Words{"press"});
    // It goes on living, and the cause of the old stop is not the cause of its next end.
    guest().ended(Reason::guest_panic);
    loop.run_ready();
    guest().exited(Reason::guest_panic);
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::guest_panic);
}

TEST_F(Stop, AGuestThatWasPausedBeforeACanceledStopIsSeenToRun) {
    tell(Command::pause, "vm");
    guest().paused();
    loop.run_ready();
    cancel(tell(Command::stop, "vm")->job());
    guest().resumed();
    loop.run_ready();
    EXPECT_EQ(where(), "running");
    EXPECT_TRUE(observer.of_type(EventType::notice).empty());
}

// The stop came while a rebooting guest's new process was on its way up, and was canceled before it was there.
TEST_F(Stop, CanceledDuringARelaunchTheNewProcessIsStillLookedAfter) {
    for (bool const comes_up : {true, false}) {
        guest().exited(Reason::guest_reboot);
        loop.run_ready();
        EXPECT_EQ(where(), "running/rebooting");
        cancel(tell(Command::stop, "vm")->job());
        EXPECT_EQ(where(), "running");
        if (comes_up) {
            guest().up();
            loop.run_ready();
            EXPECT_EQ(where(), "running");
            EXPECT_TRUE(observer.of_type(EventType::notice).empty());
        } else {
            guest().exec_failed("gone");
            loop.run_ready();
            EXPECT_EQ(where(), "failed");
        }
    }
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Stop, TheButtonThatCannotBePressedIsTold) {
    tell(Command::stop, "vm");
    guest().refuse(guest().last_request(), "QMP is closed");
    loop.run_ready();
    EXPECT_EQ(where(), "stopping/acpi");
    ASSERT_EQ(observer.of_type(EventType::notice).size(), 1U);
    EXPECT_NE(observer.of_type(EventType::notice)[0].details.at("text").find("QMP is closed"), std::string::npos);
}

TEST_F(Stop, TheExitRecordGoesWhenTheEndIsWritten) {
    guest().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_TRUE(guest().forgotten);
    EXPECT_FALSE(guest().held);
    EXPECT_EQ(status().hypervisor_pid, 0);
}

}  // namespace
}  // namespace apiary::test
