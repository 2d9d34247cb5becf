// Steps that come and go while VMs run: plugins are installed, disabled, removed.
#include <algorithm>

#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class ChangingSteps : public EngineFixture {
protected:
    ChangingSteps() { plugin.log = &asked; }
    void SetUp() override { define({{.name = "vm"}}); }
    void TearDown() override {
        EngineFixture::TearDown();
        EXPECT_EQ(plugin.violations, Words{});
    }
    void with_plugin() { set({&network, &storage, &plugin, &hook}); }
    void without_plugin() { set({&network, &storage, &hook}); }
    void set(std::vector<Step*> const& list) {
        Steps made;
        for (auto* const one : list) {
            made.push_back(lasting_step(*one));
        }
        engine->set_steps(std::move(made));
        loop.run_ready();
    }
    void end() {
        hypervisor.last().exited(Reason::guest_poweroff);
        loop.run_ready();
    }

    ScriptedStep plugin{loop, "plugin:web"};
};

TEST_F(ChangingSteps, AStartTakesThoseThatThereAre) {
    with_plugin();
    asked.clear();
    start();
    EXPECT_EQ(asked.at(2), "plugin:web:prestart");
    end();
    EXPECT_EQ(where(), "stopped");
    without_plugin();
    start();
    EXPECT_EQ(plugin.count("prestart"), 1U);
    EXPECT_EQ(where(), "running");
}

TEST_F(ChangingSteps, AStartThatIsUnderWayGoesOnWithThoseOfItsBeginning) {
    network.prestart_answer = A::silent;
    tell(Command::start, "vm");
    with_plugin();
    EXPECT_TRUE(network.answer({}));
    loop.run_ready();
    EXPECT_EQ(plugin.count("prestart"), 0U);
}

TEST_F(ChangingSteps, AStepThatGoesWhileItIsAskedStillAnswers) {
    with_plugin();
    plugin.prestart_answer = A::silent;
    tell(Command::start, "vm");
    without_plugin();
    EXPECT_EQ(status().step, "plugin:web");
    EXPECT_TRUE(plugin.answer({}));
    loop.run_ready();
    EXPECT_EQ(where(), "starting/launching");
}

TEST_F(ChangingSteps, AnUndoWaitsForItsStepAndForNothingElse) {
    with_plugin();
    start();
    without_plugin();
    end();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(status().reason, Reason::plugin_unavailable);
    EXPECT_NE(status().reason_text.find("plugin web is not there"), std::string::npos) << status().reason_text;
    EXPECT_EQ(storage.begun.size(), 0U) << "the others are undone all the same";
    EXPECT_EQ(engine->awaited_steps(), std::set<std::string>{"plugin:web"});
    auto const told = status().last_event;
    loop.advance(std::chrono::hours{10});
    EXPECT_EQ(status().last_event, told) << "nothing is tried that cannot help";
    EXPECT_EQ(loop.armed_timers(), 0U);
    without_plugin();
    EXPECT_EQ(status().last_event, told);

    with_plugin();  // at once, no clock is needed
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(plugin.begun.size(), 0U);
    EXPECT_TRUE(engine->awaited_steps().empty());
    EXPECT_EQ(plugin.calls.back().call.attempt, plugin.calls.front().call.attempt);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(ChangingSteps, APluginThatIsThereAndNotCalledIsToldByWhatKeepsIt) {
    with_plugin();
    start();
    why_absent = "is disabled: by hand; enable it";
    without_plugin();
    end();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(status().reason, Reason::plugin_unavailable);
    EXPECT_NE(status().reason_text.find("the plugin web is disabled: by hand; enable it"), std::string::npos)
        << status().reason_text;
    EXPECT_EQ(status().reason_text.find("not there"), std::string::npos) << status().reason_text;
}

TEST_F(ChangingSteps, NothingStartsMeanwhile) {
    with_plugin();
    start();
    without_plugin();
    end();
    auto const answer = tell(Command::start, "vm");
    ASSERT_NE(answer->refusal(), nullptr);
    EXPECT_EQ(answer->refusal()->kind, Refusal::Kind::undo_pending);
    with_plugin();
    start();
    EXPECT_EQ(where(), "running");
}

TEST_F(ChangingSteps, AResetOfTheFailureTriesIt) {
    with_plugin();
    start();
    without_plugin();
    end();
    auto const told = status().last_event;
    tell(Command::fail_reset, "vm");
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_GT(status().last_event, told);
    with_plugin();
    EXPECT_EQ(where(), "failed");
}

TEST_F(ChangingSteps, WhatElseIsLeftIsRetriedAsEver) {
    with_plugin();
    start();
    without_plugin();
    storage.undo_failures = 1;
    end();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(status().reason, Reason::step_failed) << "not only the plugin is missing";
    loop.advance(seconds{1});
    EXPECT_EQ(storage.begun.size(), 0U);
    EXPECT_EQ(status().reason, Reason::plugin_unavailable);
    with_plugin();
    EXPECT_EQ(where(), "failed");
}

TEST_F(ChangingSteps, OneThatComesWhileOthersAreUndoneIsNotMissed) {
    with_plugin();
    start();
    without_plugin();
    storage.undo_answer = A::silent;
    end();
    EXPECT_EQ(status().step, "storage");
    with_plugin();
    storage.undo_answer = A::ok;
    EXPECT_TRUE(storage.answer({}));
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(plugin.begun.size(), 0U);
}

TEST_F(ChangingSteps, AGivenUpUndoIsNotWaitedForAnyMore) {
    with_plugin();
    start();
    without_plugin();
    end();
    tell(Command::fail_reset, "vm", true);
    EXPECT_EQ(where(), "stopped");
    with_plugin();
    EXPECT_EQ(plugin.count("poststop"), 0U);
    EXPECT_EQ(where(), "stopped");
}

TEST_F(ChangingSteps, AnUndoHasTheStepsOwnDeadline) {
    struct Slow : ScriptedStep {
        using ScriptedStep::ScriptedStep;
        [[nodiscard]] auto undo_timeout() const -> std::optional<Duration> override { return minutes{5}; }
    };
    Slow slow{loop, "plugin:slow"};
    slow.undo_answer = A::silent;
    set({&network, &slow});
    start();
    end();
    loop.advance(minutes{5} - seconds{1});
    EXPECT_EQ(where(), "stopping/poststop");
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "failed/undo-pending");
    slow.undo_answer = A::ok;
    loop.advance(seconds{1});
    EXPECT_EQ(where(), "failed");
    engine.reset();
}

TEST_F(ChangingSteps, NoticesOfPluginsAreEventsLikeOthers) {
    engine->note("vm", {{"text", "look here"}, {"plugin", "web"}});
    engine->note("", {{"text", "of no VM"}});
    engine->note("nobody", {{"text", "lost"}});
    loop.run_ready();
    auto const page = journal.read(0, 100, [](Event const& event) { return event.type == EventType::notice; });
    ASSERT_EQ(page.events.size(), 2U);
    EXPECT_EQ(page.events[0]->vm, "vm");
    EXPECT_EQ(page.events[0]->details.at("plugin"), "web");
    EXPECT_EQ(page.events[1]->vm, "");
    EXPECT_EQ(page.events[1]->vm_seq, 0U);
}

}  // namespace
}  // namespace apiary::test
