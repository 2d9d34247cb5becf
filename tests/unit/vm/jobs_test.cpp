// Jobs: which there are, when they end, how they are canceled in each of their stages, and when they are gone.
#include <set>

#include "engine_fixture.hpp"
#include "places.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class Jobs : public EngineFixture {
protected:
    void SetUp() override { define({{.name = "vm"}}); }
    auto guest() -> Process& { return hypervisor.last(); }
    [[nodiscard]] auto stage(AnswerPtr const& answer) const -> std::string {
        auto const* const job = engine->job(answer->job());
        return job == nullptr ? "gone" : job->stage;
    }
    [[nodiscard]] auto cancelable(AnswerPtr const& answer) const -> bool {
        return engine->job(answer->job())->cancelable;
    }
    void expect_taken(AnswerPtr const& answer) {
        auto const canceled = cancel(answer->job());
        EXPECT_TRUE(canceled->has_value() && std::holds_alternative<std::monostate>(**canceled));
    }
    void expect_refused(AnswerPtr const& answer) {
        auto const canceled = cancel(answer->job());
        auto const* const refusal = std::get_if<Refusal>(&canceled->value());
        ASSERT_NE(refusal, nullptr);
        EXPECT_EQ(refusal->kind, Refusal::Kind::not_cancelable);
    }
};

TEST_F(Jobs, StartTwiceIsTheSameJob) {
    storage.prestart_answer = A::silent;
    auto const first = tell(Command::start, "vm");
    EXPECT_EQ(tell(Command::start, "vm")->job(), first->job());
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(tell(Command::start, "vm")->job(), first->job());
    guest().up();
    loop.run_ready();
    EXPECT_EQ(result(first), "done");
    auto const again = tell(Command::start, "vm");
    EXPECT_NE(again->job(), first->job());
    EXPECT_EQ(result(again), "done");
    EXPECT_EQ(status().job, 0U);
}

TEST_F(Jobs, ItsNumberIsThatOfItsEvent) {
    auto const answer = tell(Command::start, "vm");
    auto const made = observer.of_type(EventType::job_new).back();
    EXPECT_EQ(made.seq, answer->job());
    EXPECT_EQ(made.details.at("command"), "start");
    EXPECT_EQ(made.details.at("uid"), "1000");
    EXPECT_EQ(status().job, answer->job());
    guest().up();
    loop.run_ready();
    auto const ended = observer.of_type(EventType::job_end).back();
    EXPECT_EQ(ended.job, answer->job());
    EXPECT_EQ(ended.details.at("result"), "done");
}

// Done at once, beside the one that is under way: its end is told after what it changed, with its own number.
TEST_F(Jobs, WhatIsDoneAtOnce) {
    start();
    guest().exited(Reason::killed);
    loop.run_ready();
    observer.events.clear();
    auto const answer = tell(Command::fail_reset, "vm");
    EXPECT_EQ(observer.story("vm"), (Words{"job-new", "stopped", "failreset done"}));
    EXPECT_EQ(observer.events.back().job, answer->job());
    EXPECT_EQ(observer.ended_jobs.at(answer->job()).progress, 1.0);
}

TEST_F(Jobs, TheObjectIsGoneAMinuteAfterTheEnd) {
    auto const answer = tell(Command::start, "vm");
    loop.advance(seconds{5});
    guest().up();
    loop.run_ready();
    auto const later = tell(Command::start, "vm");
    loop.advance(seconds{59});
    ASSERT_NE(engine->job(answer->job()), nullptr);
    EXPECT_EQ(engine->job(answer->job())->result, JobResult::done);
    EXPECT_EQ(engine->jobs().size(), 2U);
    loop.advance(seconds{1});
    EXPECT_EQ(engine->job(answer->job()), nullptr);
    EXPECT_EQ(engine->job(later->job()), nullptr);
    EXPECT_EQ(loop.armed_timers(), 0U);
    std::size_t removed = 0;
    for (auto const& turn : observer.turns) {
        removed += turn.jobs_removed.size();
    }
    EXPECT_EQ(removed, 2U);
}

TEST_F(Jobs, ThereAreNeverMoreThanTheBound) {
    observer.keep_turns = false;
    std::vector<AnswerPtr> answers;
    for (std::size_t i = 0; i < 3 * max_ended_jobs; ++i) {
        answers.push_back(send(Command::stop, "vm"));  // all in one turn
    }
    loop.run_ready();
    EXPECT_EQ(engine->jobs().size(), max_ended_jobs);
    EXPECT_EQ(engine->job(answers.front()->job()), nullptr);
    EXPECT_NE(engine->job(answers.back()->job()), nullptr);
    for (std::size_t i = 0; i < 100; ++i) {
        tell(Command::stop, "vm");
        EXPECT_EQ(engine->jobs().size(), max_ended_jobs);
    }
    loop.advance(seconds{60});
    EXPECT_TRUE(engine->jobs().empty());
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(Jobs, ProgressRisesThroughTheStages) {
    network.prestart_answer = storage.prestart_answer = A::silent;
    auto const answer = tell(Command::start, "vm");
    EXPECT_EQ(stage(answer), "prestart network");
    EXPECT_TRUE(cancelable(answer));
    EXPECT_TRUE(network.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(stage(answer), "prestart storage");
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(stage(answer), "launching");
    guest().up();
    loop.run_ready();
    double last = -1;
    for (auto const& turn : observer.turns) {
        for (auto const& job : turn.jobs_changed) {
            EXPECT_GE(job.progress, last);
            last = job.progress;
        }
    }
    EXPECT_EQ(last, 1.0);
}

TEST_F(Jobs, AStepThatVetoedIsNoStageOfTheUndo) {
    storage.prestart_answer = A::veto;
    tell(Command::start, "vm");
    std::set<std::string> stages;
    for (auto const& turn : observer.turns) {
        for (auto const& job : turn.jobs_changed) {
            stages.insert(job.stage);
        }
    }
    EXPECT_TRUE(stages.contains("poststop network"));
    EXPECT_FALSE(stages.contains("poststop storage")) << "nothing of it is undone";
}

// -- canceled in each stage ------------------------------------------------------------------------------------------

TEST_F(Jobs, StartCanceledInEachStep) {
    for (auto* const step : steps()) {
        step->prestart_answer = A::silent;
        auto const answer = tell(Command::start, "vm");
        EXPECT_EQ(stage(answer), "prestart " + std::string{step->name()});
        expect_taken(answer);
        EXPECT_EQ(result(answer), "canceled");
        EXPECT_EQ(where(), "stopped");
        EXPECT_EQ(step->count("cancel"), 1U);
        step->prestart_answer = A::ok;
    }
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Jobs, StartCanceledWhileLoadingAndWhileLaunching) {
    for (bool const loader : {true, false}) {
        hypervisor.loader = loader;
        auto const answer = tell(Command::start, "vm");
        EXPECT_EQ(stage(answer), loader ? "loading" : "launching");
        expect_taken(answer);
        if (!loader) {
            EXPECT_EQ(where(), "stopping/killing");
            EXPECT_EQ(result(answer), "running");  // until all is undone
            EXPECT_FALSE(cancelable(answer));
            expect_refused(answer);
            guest().up();  // too late
            loop.run_ready();
            EXPECT_EQ(result(answer), "running");
            EXPECT_EQ(guest().count("quit"), 2U);
            guest().exited(Reason::requested);
            loop.run_ready();
        }
        EXPECT_EQ(result(answer), "canceled");
        EXPECT_EQ(where(), "stopped");
    }
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Jobs, StartCanceledAndItsUndoFails) {
    auto const answer = tell(Command::start, "vm");
    storage.undo_failures = 1;
    expect_taken(answer);
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(result(answer), "canceled");
}

TEST_F(Jobs, AStopAfterACanceledStartIsAJobOfItsOwn) {
    auto const first = tell(Command::start, "vm");
    expect_taken(first);
    auto const stop = tell(Command::stop, "vm");
    EXPECT_EQ(result(first), "canceled");
    EXPECT_NE(stop->job(), first->job());
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(result(stop), "done");
}

TEST_F(Jobs, StopCanceledInItsStages) {
    start();
    auto const stop = tell(Command::stop, "vm");
    EXPECT_EQ(stage(stop), "acpi");
    EXPECT_TRUE(cancelable(stop));
    expect_taken(stop);
    EXPECT_EQ(result(stop), "canceled");
    auto const second = tell(Command::stop, "vm");
    loop.advance(seconds{30});
    EXPECT_EQ(stage(second), "killing");
    EXPECT_FALSE(cancelable(second));
    expect_refused(second);
    storage.undo_answer = A::silent;
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(stage(second), "poststop storage");
    expect_refused(second);
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(result(second), "timeout");
    expect_refused(second);  // it has ended
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Jobs, RequestsToTheHypervisorAreCanceledByForgettingThem) {
    for (auto const command : {Command::reset, Command::pause, Command::resume}) {
        come_to_rest();
        start();
        if (command == Command::resume) {
            guest().paused();
            loop.run_ready();
        }
        auto const answer = tell(command, "vm");
        EXPECT_EQ(stage(answer), to_string(command));
        expect_taken(answer);
        EXPECT_EQ(result(answer), "canceled");
        EXPECT_EQ(where(), command == Command::resume ? "paused" : "running");
        EXPECT_EQ(status().target, command == Command::resume ? Target::paused : Target::running);
        loop.advance(minutes{2});
        EXPECT_EQ(result(answer), "canceled");
        EXPECT_EQ(loop.armed_timers(), 0U);
    }
}

TEST_F(Jobs, FailResetCanceledWhileItTries) {
    start();
    storage.undo_failures = 1;
    guest().exited(Reason::guest_poweroff);
    loop.run_ready();
    storage.undo_answer = A::silent;
    auto const answer = tell(Command::fail_reset, "vm");
    EXPECT_EQ(stage(answer), "undo-pending storage");
    expect_taken(answer);
    EXPECT_EQ(result(answer), "canceled");
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Jobs, WhatIsNotThereCannotBeCanceled) {
    auto const canceled = cancel(4711);
    EXPECT_EQ(std::get<Refusal>(canceled->value()).kind, Refusal::Kind::no_such_job);
    auto const done = tell(Command::stop, "vm");
    expect_refused(done);
    auto const replies = std::count(observer.log.begin(), observer.log.end(), "reply");
    EXPECT_EQ(replies, 1);
}

// A control deadline that passes in the very turn in which the job ends must not end the job that comes after.
TEST_F(Jobs, AnOldDeadlineIsNotTheNewJobs) {
    start();
    auto const pause = tell(Command::pause, "vm");
    AnswerPtr stop;
    guest().paused();  // said before the deadline, heard in the same turn
    loop.post([this, &stop] { stop = send(Command::stop, "vm"); });
    loop.advance(seconds{10});
    EXPECT_EQ(result(pause), "done");
    EXPECT_EQ(result(stop), "running");
    EXPECT_EQ(where(), "stopping/acpi");
}

}  // namespace
}  // namespace apiary::test
