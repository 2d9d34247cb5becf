// Reset, pause and resume: requests to a hypervisor that may refuse them, or say nothing at all.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class Control : public EngineFixture {
protected:
    void SetUp() override {
        define({{.name = "vm"}, {.name = "well"}});
        start("well");
        start();
        asked.clear();
    }
    auto guest() -> Process& { return hypervisor.last(); }
    void be_paused() {
        guest().paused();
        loop.run_ready();
    }
};

TEST_F(Control, PauseAndResume) {
    auto const pause = tell(Command::pause, "vm");
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(status().target, Target::paused);
    EXPECT_EQ(result(pause), "running");
    be_paused();
    EXPECT_EQ(where(), "paused");
    EXPECT_EQ(status().reason, Reason::requested);
    EXPECT_EQ(result(pause), "done");
    auto const resume = tell(Command::resume, "vm");
    guest().resumed();
    loop.run_ready();
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(result(resume), "done");
    EXPECT_EQ(asked, (Words{"pause", "resume"}));
}

TEST_F(Control, Reset) {
    auto const reset = tell(Command::reset, "vm");
    guest().reset(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(result(reset), "done");
    EXPECT_EQ(where(), "running/rebooting");
    EXPECT_EQ(observer.of_type(EventType::reboot).back().details.at("by"), "request");
    loop.advance(seconds{2});
    EXPECT_EQ(where(), "running");
}

TEST_F(Control, AResetByANewProcess) {
    auto const reset = tell(Command::reset, "vm");
    guest().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(result(reset), "running");
    guest().up();
    loop.run_ready();
    EXPECT_EQ(result(reset), "done");
    EXPECT_EQ(observer.of_type(EventType::reboot).back().details.at("by"), "request");
}

TEST_F(Control, AResetOfAPausedGuest) {
    be_paused();
    auto const reset = tell(Command::reset, "vm");
    guest().reset(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(result(reset), "done");
    EXPECT_EQ(where(), "paused");
}

TEST_F(Control, ASilentHypervisorEndsOnlyTheJob) {
    for (auto const command : {Command::reset, Command::pause, Command::resume}) {
        if (command == Command::resume) {
            be_paused();
        }
        auto const before = where();
        auto const answer = tell(command, "vm");
        loop.advance(seconds{9});
        EXPECT_EQ(result(answer), "running");
        EXPECT_EQ(result(tell(Command::start, "well")), "done");  // nobody else waits
        loop.advance(seconds{1});
        EXPECT_EQ(result(answer), "timeout");
        EXPECT_NE(observer.ended_jobs.at(answer->job()).error.find("poweroff"), std::string::npos);
        EXPECT_EQ(where(), before);
        EXPECT_EQ(status().job, 0U);
    }
}

TEST_F(Control, ItDoesItAfterTheDeadlineAllTheSame) {
    tell(Command::pause, "vm");
    loop.advance(seconds{10});
    be_paused();
    EXPECT_EQ(where(), "paused");
}

TEST_F(Control, ARefusalEndsTheJob) {
    auto const pause = tell(Command::pause, "vm");
    guest().refuse(guest().last_request(), "not now");
    loop.run_ready();
    EXPECT_EQ(result(pause), "failed");
    EXPECT_EQ(observer.ended_jobs.at(pause->job()).error, "not now");
    EXPECT_EQ(where(), "running");
}

TEST_F(Control, TheRefusalOfAnOlderRequestIsNotTheNewOnes) {
    tell(Command::pause, "vm");
    auto const old = guest().last_request();
    auto const reset = tell(Command::reset, "vm");
    guest().refuse(old, "not now");
    loop.run_ready();
    EXPECT_EQ(result(reset), "running");
}

TEST_F(Control, TheSameRequestTwiceAsksOnce) {
    for (auto const command : {Command::reset, Command::pause}) {
        auto const first = tell(command, "vm");
        EXPECT_EQ(tell(command, "vm")->job(), first->job());
    }
    EXPECT_EQ(asked, (Words{"reset", "pause"}));
}

TEST_F(Control, OneRequestSupersedesAnother) {
    auto const pause = tell(Command::pause, "vm");
    auto const reset = tell(Command::reset, "vm");
    EXPECT_EQ(result(pause), "superseded");
    auto const stop = tell(Command::stop, "vm");
    EXPECT_EQ(result(reset), "superseded");
    loop.advance(seconds{10});  // no deadline of theirs is left
    EXPECT_EQ(result(stop), "running");
}

TEST_F(Control, ABackendThatCannotPause) {
    hypervisor.pausable = false;
    for (auto const command : {Command::pause, Command::resume}) {
        auto const answer = tell(command, "vm");
        ASSERT_NE(answer->refusal(), nullptr);
        EXPECT_EQ(answer->refusal()->kind, Refusal::Kind::not_supported);
    }
}

TEST_F(Control, ARefusalSaysWhy) {
    struct Case {
        std::string vm;
        Command command;
        std::string text;
    };
    define({{.name = "vm"}, {.name = "well"}, {.name = "idle"}});
    be_paused();
    for (auto const& [vm, command, text] :
         std::vector<Case>{{"idle", Command::reset, "VM idle is stopped: reset needs a running VM"},
                           {"idle", Command::fail_reset, "VM idle is stopped: there is no failure to reset"},
                           {"vm", Command::start, "VM vm is paused: resume it"}}) {
        auto const answer = tell(command, vm);
        ASSERT_NE(answer->refusal(), nullptr);
        EXPECT_EQ(answer->refusal()->kind, Refusal::Kind::invalid_state);
        EXPECT_EQ(answer->refusal()->text, text);
    }
    tell(Command::start, "idle");
    EXPECT_EQ(tell(Command::pause, "idle")->refusal()->text,
              "VM idle is starting (launching): pause is possible once it runs");
    tell(Command::stop, "idle");
    EXPECT_EQ(tell(Command::start, "idle")->refusal()->text,
              "VM idle is stopping (killing): start is possible once it is stopped");
    for (auto const command : {Command::reset, Command::pause, Command::resume}) {
        EXPECT_EQ(
            tell(command, "idle")->refusal()->text,
            "VM idle is stopping (killing): " + std::string{to_string(command)} + " is possible once it runs again");
    }
}

}  // namespace
}  // namespace apiary::test
