// A start is a transaction: its steps, what cuts it short, and what is undone then.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Outcome = StepResult::Kind;
using Words = std::vector<std::string>;

class Start : public EngineFixture {
protected:
    void SetUp() override { define({{.name = "vm"}}); }
};

TEST_F(Start, RunsStepsInOrderThenTheHypervisor) {
    network.gives = {{.kind = "tap", .id = "nic0", .value = "tap7", .fd = {}}};
    storage.gives = {{.kind = "file", .id = "disk0", .value = "/disk", .fd = {}}};
    auto const answer = tell(Command::start, "vm");
    EXPECT_EQ(asked, (Words{"network:prestart", "storage:prestart", "hook:prestart", "launch"}));
    EXPECT_EQ(where(), "starting/launching");
    EXPECT_EQ(result(answer), "running");
    EXPECT_EQ(status().hypervisor_pid, hypervisor.last().pid);
    // Each step sees what those before it gave; the hypervisor all of it.
    EXPECT_EQ(network.calls[0].call.contributions.size(), 0U);
    EXPECT_EQ(storage.calls[0].call.contributions.size(), 1U);
    EXPECT_EQ(hook.calls[0].call.contributions.size(), 2U);
    auto const& request = hypervisor.last().request;
    ASSERT_EQ(request.contributions.size(), 2U);
    EXPECT_EQ(request.contributions[0].value, "tap7");
    EXPECT_EQ(request.run_dir, "/run/apiary/0/1");
    EXPECT_EQ(request.incarnation, 1U);
    hypervisor.last().up();
    loop.run_ready();
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(result(answer), "done");
    EXPECT_EQ(status().target, Target::running);
    EXPECT_EQ(observer.story("vm"),
              (Words{"vm-added", "job-new", "starting/prestart", "network prestart", "network prestart ok",
                     "storage prestart", "storage prestart ok", "hook prestart", "hook prestart ok",
                     "starting/launching", "running", "start done"}));
}

TEST_F(Start, AnAttemptIsIdentifiedByItsEvent) {
    start();
    auto const told = observer.of_type(EventType::step);
    EXPECT_EQ(network.calls[0].call.attempt, told[0].seq);
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(network.story(), (Words{"prestart", "poststop"}));
    EXPECT_EQ(network.calls[1].call.attempt, network.calls[0].call.attempt);
    start();
    EXPECT_NE(network.calls[2].call.attempt, network.calls[0].call.attempt);
    EXPECT_EQ(network.calls[2].call.incarnation, 2U);
}

TEST_F(Start, TheIntentIsWrittenBeforeTheCall) {
    std::uint64_t told = 0;
    class Watch : public Observer {
    public:
        Watch(ScriptedStep& step, std::uint64_t& seen) : step_{step}, seen_{seen} {}
        void on_turn(Turn const& turn) override {
            for (auto const& event : turn.events) {
                if (event.type == EventType::step && seen_ == 0) {
                    seen_ = event.seq;
                    EXPECT_TRUE(step_.calls.empty());
                }
            }
        }

    private:
        ScriptedStep& step_;
        std::uint64_t& seen_;
    } watch{network, told};
    engine->add_observer(watch);
    tell(Command::start, "vm");
    EXPECT_NE(told, 0U);
    EXPECT_EQ(network.calls[0].call.attempt, told);
    come_to_rest();
    engine.reset();  // before the observer
}

TEST_F(Start, StepsThatDoNotApplyAreLeftOut) {
    storage.applies = false;
    start();
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(storage.calls.size(), 0U);
    EXPECT_EQ(hook.story(), (Words{"prestart", "poststop"}));
}

TEST_F(Start, WithoutAnyStep) {
    for (auto* const step : steps()) {
        step->applies = false;
    }
    start();
    EXPECT_EQ(where(), "running");
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    start();
    define({});
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(where(), "gone");
}

TEST_F(Start, AVetoUndoesOnlyTheStepsBeforeInReverseOrder) {
    hook.prestart_answer = A::veto;
    hook.text = "the licence server says no";
    auto const answer = tell(Command::start, "vm");
    EXPECT_EQ(asked,
              (Words{"network:prestart", "storage:prestart", "hook:prestart", "storage:poststop", "network:poststop"}));
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::veto);
    EXPECT_EQ(status().reason_text, "step hook: the licence server says no");
    EXPECT_EQ(result(answer), "failed");
    auto const& job = observer.ended_jobs.at(answer->job());
    EXPECT_EQ(job.reason, Reason::veto);
    EXPECT_EQ(job.error, status().reason_text);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Start, AVetoMayNameItsReason) {
    network.prestart_answer = A::veto;
    network.reason = Reason::plugin_unavailable;
    tell(Command::start, "vm");
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::plugin_unavailable);
    EXPECT_EQ(asked, (Words{"network:prestart"}));
    network.reason = Reason::no_resources;
    tell(Command::start, "vm");
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().incarnation, 2U);
}

TEST_F(Start, AStepThatFailsIsUndoneToo) {
    storage.prestart_answer = A::failed;
    tell(Command::start, "vm");
    EXPECT_EQ(asked, (Words{"network:prestart", "storage:prestart", "storage:poststop", "network:poststop"}));
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::step_failed);
    EXPECT_EQ(storage.calls[0].call.attempt, storage.calls[1].call.attempt);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Start, AStepThatThrowsHasFailed) {
    storage.prestart_answer = A::throws;
    storage.text = "out of memory";
    tell(Command::start, "vm");
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason_text, "step storage: out of memory");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Start, AStepHasADeadline) {
    storage.prestart_answer = A::silent;
    auto const answer = tell(Command::start, "vm");
    loop.advance(seconds{59});
    EXPECT_EQ(where(), "starting/prestart");
    EXPECT_EQ(status().step, "storage");
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::step_timeout);
    EXPECT_EQ(result(answer), "timeout");
    EXPECT_EQ(storage.story(), (Words{"prestart", "cancel", "poststop"}));
    EXPECT_EQ(storage.calls[1].call.attempt, storage.calls[0].call.attempt);
    // Its late answer changes nothing.
    EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(faults_at_rest(), Words{});
}

// A step that was told to be quick answers something; that must not pass for the answer of its undo.
TEST_F(Start, TheLateAnswerOfACutStepIsNotTheAnswerOfItsUndo) {
    for (auto const late : {Outcome::ok, Outcome::failed, Outcome::veto}) {
        storage.prestart_answer = storage.undo_answer = A::silent;
        auto const stop_after = tell(Command::start, "vm");
        auto const stop = tell(Command::stop, "vm");
        EXPECT_EQ(result(stop_after), "superseded");
        EXPECT_EQ(where(), "stopping/poststop");
        EXPECT_TRUE(storage.answer({.kind = late, .text = "canceled", .contributions = {}}));  // the prestart
        loop.run_ready();
        EXPECT_EQ(where(), "stopping/poststop");
        EXPECT_EQ(status().step, "storage");
        EXPECT_TRUE(storage.answer({.text = {}, .contributions = {}}));  // the poststop
        loop.run_ready();
        EXPECT_EQ(where(), "stopped");
        EXPECT_EQ(result(stop), "done");
        storage.ever_begun.clear();
        storage.begun.clear();
    }
}

TEST_F(Start, TheHypervisorThatCannotBeExecuted) {
    auto const answer = tell(Command::start, "vm");
    hypervisor.last().exec_failed("no such file: /usr/bin/qemu");
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::exec_failed);
    EXPECT_EQ(result(answer), "failed");
    EXPECT_EQ(observer.ended_jobs.at(answer->job()).error, "no such file: /usr/bin/qemu");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Start, ABackendThatThrowsOrIsNotThere) {
    hypervisor.launches = false;
    tell(Command::start, "vm");
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason_text, "no process can be made");
    define({{.name = "vm", .backend = BackendKind::bhyve}});
    tell(Command::start, "vm");
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::exec_failed);
    EXPECT_EQ(status().reason_text, "backend bhyve is not available here");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Start, TheLoaderTimeoutHoldsUntilTheGuestIsUp) {
    hypervisor.loader = true;
    auto const answer = tell(Command::start, "vm");
    EXPECT_EQ(where(), "starting/loading");
    loop.advance(seconds{10});
    hypervisor.last().loaded();
    loop.run_ready();
    EXPECT_EQ(where(), "starting/launching");
    loop.advance(seconds{5});
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::loader_timeout);
    EXPECT_EQ(result(answer), "timeout");
    EXPECT_EQ(hypervisor.last().count("kill"), 1U);
}

TEST_F(Start, NoLoaderTimeoutWhereThereIsNone) {
    define({{.name = "vm", .loader_timeout = seconds{0}}});
    tell(Command::start, "vm");
    loop.advance(minutes{60});
    EXPECT_EQ(where(), "starting/launching");
    hypervisor.last().up();
    loop.advance(minutes{60});
    EXPECT_EQ(where(), "running");
}

TEST_F(Start, OnceUpNothingTimesOut) {
    start();
    loop.advance(minutes{60});
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(Start, OneSilentStepDelaysNoOtherVm) {
    define({{.name = "vm"}, {.name = "well"}});
    storage.silent_for = {"vm"};
    tell(Command::start, "vm");
    start("well");
    EXPECT_EQ(where("vm"), "starting/prestart");
    EXPECT_EQ(where("well"), "running");
    auto const stop = tell(Command::stop, "well");
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(result(stop), "done");
    EXPECT_EQ(where("vm"), "starting/prestart");
    come_to_rest();
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Start, ContributionsComeBackToTheirOwnUndo) {
    network.gives = {{.kind = "tap", .id = "nic0", .value = "tap7", .fd = {}}};
    start();
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    ASSERT_EQ(network.calls.back().call.contributions.size(), 1U);
    EXPECT_EQ(network.calls.back().call.contributions[0].value, "tap7");
    EXPECT_EQ(storage.calls.back().call.contributions.size(), 0U);
}

TEST_F(Start, UnknownVm) {
    auto const answer = tell(Command::start, "nobody");
    ASSERT_NE(answer->refusal(), nullptr);
    EXPECT_EQ(answer->refusal()->kind, Refusal::Kind::no_such_vm);
    EXPECT_NE(tell(Command::start, "VM")->job(), 0U);  // names are compared without case
}

}  // namespace
}  // namespace apiary::test
