// An undo that does not work: it is retried, and nothing starts before it is done or given up.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class Undo : public EngineFixture {
protected:
    void SetUp() override {
        define({{.name = "vm"}});
        start();
        asked.clear();
    }
    void end() {
        hypervisor.last().exited(Reason::guest_poweroff);
        loop.run_ready();
    }
};

TEST_F(Undo, IsRetriedWithDoublingPauses) {
    storage.undo_failures = 4;
    storage.text = "the volume is busy";
    end();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(status().reason, Reason::step_failed);
    EXPECT_EQ(status().reason_text, "step storage could not be undone: the volume is busy");
    // What could be undone is.
    EXPECT_EQ(asked, (Words{"forget", "hook:poststop", "storage:poststop", "network:poststop"}));
    asked.clear();
    std::size_t tries = 0;
    for (auto const pause : {seconds{1}, seconds{2}, seconds{4}}) {
        loop.advance(pause - milliseconds{1});
        EXPECT_EQ(asked.size(), tries);
        loop.advance(milliseconds{1});
        EXPECT_EQ(asked.size(), ++tries);
        EXPECT_EQ(where(), "failed/undo-pending");
    }
    loop.advance(seconds{8});
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(asked, Words(4, "storage:poststop"));
    for (auto const& call : storage.calls) {
        EXPECT_EQ(call.call.attempt, storage.calls[0].call.attempt);
    }
    EXPECT_EQ(faults_at_rest(), Words{});
    start();
    EXPECT_EQ(where(), "running");
}

TEST_F(Undo, ThePausesHaveABound) {
    storage.undo_answer = A::failed;
    end();
    loop.advance(std::chrono::hours{1});
    asked.clear();
    loop.advance(minutes{5});
    EXPECT_EQ(asked.size(), 1U);
}

TEST_F(Undo, StartIsRefusedMeanwhile) {
    storage.undo_answer = A::failed;
    end();
    auto const answer = tell(Command::start, "vm");
    ASSERT_NE(answer->refusal(), nullptr);
    EXPECT_EQ(answer->refusal()->kind, Refusal::Kind::undo_pending);
    EXPECT_NE(answer->refusal()->text.find("storage"), std::string::npos);
}

TEST_F(Undo, ASilentOneHasADeadlineToo) {
    storage.undo_answer = A::silent;
    auto const stop = tell(Command::poweroff, "vm");
    end();
    EXPECT_EQ(where(), "stopping/poststop");
    EXPECT_EQ(status().step, "storage");
    loop.advance(seconds{60});
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(result(stop), "failed");
    EXPECT_EQ(network.count("poststop"), 1U);
    // The answer to the first call comes while the second waits for its own: it counts for nothing.
    loop.advance(seconds{1});
    EXPECT_EQ(storage.count("poststop"), 2U);
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Undo, AStepThatThrowsHasFailed) {
    storage.undo_answer = A::throws;
    end();
    EXPECT_EQ(where(), "failed/undo-pending");
}

TEST_F(Undo, TheFaultOfTheLastTryIsTold) {
    storage.undo_answer = network.undo_answer = A::failed;
    storage.text = "busy";
    network.text = "no such bridge";
    end();
    EXPECT_EQ(status().reason_text,
              "step storage could not be undone: busy; step network could not be undone: no such bridge");
    storage.undo_answer = A::ok;
    loop.advance(seconds{1});
    EXPECT_EQ(status().reason_text, "step network could not be undone: no such bridge");
}

TEST_F(Undo, TheCauseOfAFailureStaysItsReason) {
    storage.undo_failures = 1;
    hypervisor.last().exited(Reason::guest_panic, "it panicked");
    loop.run_ready();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(status().reason, Reason::guest_panic);
    EXPECT_NE(status().reason_text.find("storage"), std::string::npos);
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::guest_panic);
    EXPECT_EQ(status().reason_text, "it panicked");
}

TEST_F(Undo, FailResetRetriesAtOnce) {
    storage.undo_failures = 2;
    end();
    auto const first = tell(Command::fail_reset, "vm");
    EXPECT_EQ(result(first), "failed");
    EXPECT_EQ(where(), "failed/undo-pending");
    auto const second = tell(Command::fail_reset, "vm");
    EXPECT_EQ(result(second), "done");
    EXPECT_EQ(where(), "failed");
    auto const third = tell(Command::fail_reset, "vm");
    EXPECT_EQ(result(third), "done");
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::requested);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Undo, FailResetTwiceIsTheSameJob) {
    storage.undo_failures = 1;
    end();
    storage.undo_answer = A::silent;
    auto const first = tell(Command::fail_reset, "vm");
    EXPECT_EQ(tell(Command::fail_reset, "vm")->job(), first->job());
    EXPECT_EQ(storage.count("poststop"), 2U);
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(result(first), "done");
}

TEST_F(Undo, GivenUpItIsRecordedAndTheVmCanStart) {
    storage.undo_answer = A::failed;
    end();
    auto const attempt = storage.calls[0].call.attempt;
    auto const answer = tell(Command::fail_reset, "vm", true);
    EXPECT_EQ(result(answer), "done");
    EXPECT_EQ(where(), "stopped");
    auto const told = observer.of_type(EventType::step).back();
    EXPECT_EQ(told.details.at("step"), "storage");
    EXPECT_EQ(told.details.at("result"), "given-up");
    EXPECT_EQ(told.details.at("attempt"), std::to_string(attempt));
    EXPECT_EQ(observer.of_type(EventType::job_new).back().details.at("force"), "true");
    storage.undo_answer = A::ok;
    EXPECT_EQ(faults_at_rest(), Words{});
    start();
    EXPECT_EQ(where(), "running");
}

TEST_F(Undo, GivenUpWhileItIsTried) {
    storage.undo_failures = 1;
    end();
    storage.undo_answer = A::silent;
    auto const retry = tell(Command::fail_reset, "vm");
    auto const forced = tell(Command::fail_reset, "vm", true);
    EXPECT_EQ(result(retry), "superseded");
    EXPECT_EQ(result(forced), "done");
    EXPECT_EQ(where(), "stopped");
    start();
    EXPECT_TRUE(storage.answer({.kind = StepResult::Kind::failed, .text = "late", .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(where(), "running");
}

TEST_F(Undo, AFailedStartIsToldWithItsOwnCause) {
    come_to_rest();
    hook.prestart_answer = A::veto;
    storage.undo_failures = 1;
    auto const answer = tell(Command::start, "vm");
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(result(answer), "failed");
    EXPECT_EQ(observer.ended_jobs.at(answer->job()).reason, Reason::veto);
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "failed");
}

}  // namespace
}  // namespace apiary::test
