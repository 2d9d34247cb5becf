// boot = always: which ends are followed by a start, and what ends the wait for it.
#include <algorithm>

#include "restarts_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

// -- which ends ------------------------------------------------------------------------------------------------------

class OwnEnds : public Restarts, public ::testing::WithParamInterface<Reason> {};

TEST_P(OwnEnds, AreFollowedByAStart) {
    run(always());
    end(GetParam(), "its words");
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_EQ(status().target, Target::running);
    EXPECT_EQ(status().reason, GetParam());
    EXPECT_TRUE(says("its words") && says("restart 1 of at most 3 within 30 s")) << text();
    EXPECT_EQ(asked, (Words{"forget", "hook:poststop", "storage:poststop", "network:poststop"}));
    loop.advance(milliseconds{999});
    EXPECT_EQ(where(), "stopped/backoff");
    loop.advance(milliseconds{1});
    EXPECT_EQ(where(), "starting/launching");
    EXPECT_EQ(status().incarnation, 2U);
    up();
    EXPECT_EQ(where(), "running");
}

INSTANTIATE_TEST_SUITE_P(Reasons, OwnEnds,
                         ::testing::Values(Reason::guest_poweroff, Reason::guest_halt, Reason::guest_panic,
                                           Reason::triple_fault, Reason::killed, Reason::error, Reason::unknown),
                         [](auto const& instance) {
                             std::string name{to_string(instance.param)};
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

class OtherPolicies : public Restarts, public ::testing::WithParamInterface<BootPolicy> {};

TEST_P(OtherPolicies, StayWhereTheyEnded) {
    for (auto const reason : {Reason::killed, Reason::guest_poweroff}) {
        run({.name = "vm", .boot = GetParam()});
        end(reason);
        loop.advance(minutes{10});
        EXPECT_EQ(where(), reason == Reason::killed ? "failed" : "stopped");
    }
}

INSTANTIATE_TEST_SUITE_P(Policies, OtherPolicies,
                         ::testing::Values(BootPolicy::no, BootPolicy::yes, BootPolicy::oneshot),
                         [](auto const& instance) { return std::string{to_string(instance.param)}; });

TEST_F(Restarts, TheTimeOfTheStartIsTold) {
    run(always());
    end();
    auto const since_epoch = std::chrono::duration_cast<seconds>(loop.wall().time_since_epoch());
    ASSERT_EQ(since_epoch, std::chrono::hours{1});  // the fake clock's beginning
    EXPECT_TRUE(says("started again at 1970-01-01T01:00:01Z")) << text();
    EXPECT_EQ(observer.of_type(EventType::state, "vm").back().details.at("text"), text());
}

TEST_F(Restarts, APersonsStopIsHisLastWord) {
    run(always());
    auto const stop = tell(Command::stop, "vm");
    end(Reason::guest_poweroff);
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(result(stop), "done");
    start();
    tell(Command::poweroff, "vm");
    end(Reason::requested);
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Restarts, AStopThatHadToBeEnforcedIsAStop) {
    run(always());
    tell(Command::stop, "vm");
    loop.advance(seconds{30});
    guest().exited(Reason::killed);
    loop.run_ready();
    EXPECT_EQ(status().reason, Reason::stop_timeout);
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "stopped");
}

TEST_F(Restarts, AStopWhileItIsCleanedUpAfterACrash) {
    run(always());
    storage.undo_answer = A::silent;
    end();
    tell(Command::stop, "vm");
    storage.answer({.text = {}, .contributions = {}});
    loop.run_ready();
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "failed");  // it did crash
    EXPECT_EQ(status().incarnation, 1U);
}

TEST_F(Restarts, ACanceledStartIsOver) {
    define({{.name = "vm"}});
    define({always()});  // started
    cancel(status().job);
    end(Reason::requested);
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "stopped");
}

TEST_F(Restarts, AnInstallationEndsWithItsReboot) {
    auto made = std::make_shared<Definition>(*make(always()));
    made->install = true;
    engine->apply({made});
    loop.run_ready();
    up();
    reboot();
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::guest_reboot);
}

// -- starts that fail ------------------------------------------------------------------------------------------------

TEST_F(Restarts, AStepThatFailsIsTriedAgain) {
    storage.prestart_answer = A::failed;
    define({always()});
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_EQ(status().reason, Reason::step_failed);
    EXPECT_TRUE(says("step storage: no")) << text();
    storage.prestart_answer = A::ok;
    loop.advance(seconds{1});
    up();
    EXPECT_EQ(where(), "running");
}

TEST_F(Restarts, AVetoIsAskedForAgain) {
    hook.prestart_answer = A::veto;
    define({always()});
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_EQ(status().reason, Reason::veto);
    loop.advance(seconds{7});  // 1 + 2 + 4
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::restart_limit);
    EXPECT_EQ(hook.count("prestart"), 4U);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Restarts, WhatNeedsAPluginThatIsNotThereWaitsForAPerson) {
    hook.prestart_answer = A::veto;
    hook.reason = Reason::plugin_unavailable;
    define({always()});
    EXPECT_EQ(where(), "stopped");
    loop.advance(minutes{10});
    EXPECT_EQ(status().incarnation, 1U);
}

TEST_F(Restarts, AHypervisorThatCannotBeLaunched) {
    hypervisor.launches = false;
    define({always()});
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_EQ(status().reason, Reason::exec_failed);
    loop.advance(seconds{7});
    EXPECT_EQ(where(), "failed");
    EXPECT_TRUE(says("restarted 3 times within 30 s") && says("exec-failed: no process can be made")) << text();
}

TEST_F(Restarts, ALoaderWithoutAnEnd) {
    hypervisor.loader = true;
    define({always()});
    loop.advance(seconds{15});
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_EQ(status().reason, Reason::loader_timeout);
}

TEST_F(Restarts, TheJobOfAStartThatFailsIsOver) {
    define({always()});
    auto const job = status().job;
    guest().exec_failed("cannot be executed");
    loop.run_ready();
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_EQ(to_string(observer.ended_jobs.at(job).result), "failed");
    EXPECT_EQ(observer.ended_jobs.at(job).error, "cannot be executed");
}

// -- while it waits --------------------------------------------------------------------------------------------------

TEST_F(Restarts, AStopEndsTheWait) {
    for (auto const what : {Command::stop, Command::poweroff}) {
        run(always());
        end();
        EXPECT_EQ(result(tell(what, "vm")), "done");
        EXPECT_EQ(where(), "stopped");
        EXPECT_EQ(status().target, Target::stopped);
        EXPECT_EQ(status().reason, Reason::requested);
        loop.advance(minutes{10});
        EXPECT_EQ(where(), "stopped");
    }
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Restarts, AStopInTheMomentOfTheRestart) {
    run(always());
    end();
    auto const quicker = loop.after(seconds{1} - std::chrono::nanoseconds{1}, [this] { send(Command::stop, "vm"); });
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().incarnation, 1U);
}

TEST_F(Restarts, AStartEndsTheWaitToo) {
    run(always());
    end();
    loop.advance(milliseconds{500});
    start();
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(status().incarnation, 2U);
}

TEST_F(Restarts, WhatStartsIsTheNewestDefinition) {
    run(always());
    auto changed = always();
    changed.memory = "96M";
    define({changed});
    EXPECT_TRUE(status().config_pending);
    end();
    EXPECT_FALSE(status().config_pending);
    changed.memory = "128M";
    define({changed});
    EXPECT_EQ(where(), "stopped/backoff");
    loop.advance(seconds{1});
    EXPECT_EQ(guest().request.definition->memory_text, "128M");
}

TEST_F(Restarts, TheEndOfTheDaemonIsTheEndOfTheWait) {
    run(always());
    end();
    bool done = false;
    engine->shut_down([&done] { done = true; });
    loop.run_ready();
    EXPECT_TRUE(done);
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::host_shutdown);
    loop.advance(minutes{10});
    EXPECT_EQ(status().incarnation, 1U);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Restarts, NothingIsRestartedWhileTheDaemonEnds) {
    run(always());
    engine->shut_down({});
    loop.run_ready();
    end();
    loop.advance(minutes{10});
    EXPECT_EQ(where(), "stopped");
}

// -- undo ------------------------------------------------------------------------------------------------------------

TEST_F(Restarts, WhatIsLeftIsUndoneBeforeTheRestart) {
    run(always());
    storage.undo_failures = 1;
    end();
    EXPECT_EQ(where(), "failed/undo-pending");
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "stopped/backoff");
    EXPECT_EQ(status().reason, Reason::killed);
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "starting/launching");
}

TEST_F(Restarts, WhatCannotBeUndoneIsNotRestarted) {
    run(always());
    storage.undo_answer = A::failed;
    end();
    loop.advance(minutes{30});
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(status().incarnation, 1U);
    EXPECT_TRUE(hook.begun.empty() && network.begun.empty());  // all but that
    EXPECT_EQ(result(tell(Command::fail_reset, "vm", true)), "done");
    EXPECT_EQ(where(), "stopped");
    loop.advance(minutes{30});
    EXPECT_EQ(where(), "stopped");  // whoever gave it up starts it
    storage.undo_answer = A::ok;
    start();
    EXPECT_EQ(where(), "running");
}

}  // namespace
}  // namespace apiary::test
