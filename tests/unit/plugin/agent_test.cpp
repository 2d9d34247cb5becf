// Agents: who is asked when, what waits, and what becomes of it when one is gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "plugin/agent_book.hpp"
#include "support/fake_loop.hpp"

namespace apiary::plugin::test {
namespace {

using AgentKind = AgentAnswer::Kind;

// What was asked of one agent, until the test answers it.
struct Asked {
    std::string what;
    AgentPort::Answered answered;
};
struct Desk {
    std::deque<Asked> open;
    std::vector<std::string> all;
};

class FakePort : public AgentPort {
public:
    explicit FakePort(std::shared_ptr<Desk> desk) : desk_{std::move(desk)} {}
    void call(AgentCall const& call, Answered answered) override {
        take((call.what == AgentCall::What::prestart ? "prestart " : "poststop ") + std::to_string(call.attempt),
             std::move(answered));
    }
    void tell(Event const& event, std::size_t missed, std::chrono::milliseconds, Answered answered) override {
        take("event " + std::to_string(event.seq) + (missed != 0 ? " missed " + std::to_string(missed) : ""),
             std::move(answered));
    }
    void cancel(std::uint64_t attempt) override { desk_->all.push_back("cancel " + std::to_string(attempt)); }

private:
    void take(std::string what, Answered answered) {
        desk_->all.push_back(what);
        desk_->open.push_back({std::move(what), std::move(answered)});
    }
    std::shared_ptr<Desk> desk_;
};

class AgentTest : public ::testing::Test {
protected:
    ~AgentTest() override {
        handles.clear();
        loop.run_ready();
    }
    auto add(AgentTerms terms = {}) -> std::shared_ptr<Desk> {
        auto desk = std::make_shared<Desk>();
        if (terms.name.empty()) {
            terms.name = "clerk";
        }
        auto outcome = book.add(terms, std::make_unique<FakePort>(desk));
        if (auto* const refusal = std::get_if<Refusal>(&outcome)) {
            refused = refusal->text;
            return nullptr;
        }
        handles[terms.name] = std::move(std::get<Handle>(outcome));
        return desk;
    }
    void answer(Desk& desk, AgentKind kind = AgentKind::ok, std::string text = {}) {
        ASSERT_FALSE(desk.open.empty());
        auto const one = std::move(desk.open.front());
        desk.open.pop_front();
        one.answered({.kind = kind, .text = std::move(text)});
        loop.run_ready();
    }
    using Result = std::shared_ptr<std::optional<StepResult>>;
    auto step(std::string const& name) -> std::shared_ptr<Step> {
        auto const steps = book.steps();
        auto const found = std::ranges::find_if(steps, [&](auto const& one) { return one->name() == name; });
        return found == steps.end() ? nullptr : *found;
    }
    static auto call_of(std::uint64_t attempt, std::string const& vm = "web") -> StepCall {
        auto definition = std::make_shared<Definition>();
        definition->name = vm;
        return {.definition = definition,
                .id = 1,
                .incarnation = 1,
                .attempt = attempt,
                .run_dir = "/run",
                .contributions = {}};
    }
    auto prestart(Step& of, std::uint64_t attempt, std::string const& vm = "web") -> Result {
        auto result = std::make_shared<std::optional<StepResult>>();
        of.prestart(call_of(attempt, vm), [result](StepResult made) { *result = std::move(made); });
        loop.run_ready();
        return result;
    }
    auto poststop(Step& of, std::uint64_t attempt, std::string const& vm = "web") -> Result {
        auto result = std::make_shared<std::optional<StepResult>>();
        of.poststop(call_of(attempt, vm), [result](StepResult made) { *result = std::move(made); });
        loop.run_ready();
        return result;
    }

    apiary::test::FakeLoop loop;
    int changes = 0;
    AgentBook book{loop, [](int, std::string const&) {}, [this] { ++changes; }};
    std::map<std::string, Handle> handles;
    std::string refused;
};

TEST_F(AgentTest, TheCallsOfOneVmComeOneAfterTheOther) {
    auto const desk = add({.parallel = 3});
    auto const clerk = step("agent:clerk");
    ASSERT_TRUE(clerk);
    auto const begun = prestart(*clerk, 1);
    clerk->cancel(1);
    auto const undone = poststop(*clerk, 1);
    auto const other = prestart(*clerk, 2, "other");
    EXPECT_EQ(desk->all, (std::vector<std::string>{"prestart 1", "cancel 1", "prestart 2"}));
    answer(*desk);
    EXPECT_EQ(desk->all.back(), "poststop 1");
    answer(*desk, AgentKind::veto, "no");
    EXPECT_EQ((*other)->kind, StepResult::Kind::veto);
    answer(*desk);
    EXPECT_EQ((*undone)->kind, StepResult::Kind::ok);
}

TEST_F(AgentTest, ItIsGivenAsManyCallsAsItTakes) {
    auto const desk = add();
    auto const clerk = step("agent:clerk");
    auto const first = prestart(*clerk, 1, "a");
    auto const second = prestart(*clerk, 2, "b");
    auto const third = prestart(*clerk, 3, "c");
    EXPECT_EQ(desk->all.size(), 1U);
    EXPECT_EQ(book.list().front().waiting, 2U);
    clerk->cancel(2);  // never heard of
    loop.run_ready();
    answer(*desk);
    EXPECT_EQ(desk->all, (std::vector<std::string>{"prestart 1", "prestart 3"}));
    answer(*desk, AgentKind::late, "too late");
    EXPECT_EQ((*third)->reason, Reason::step_timeout);
    EXPECT_EQ(book.list().front().failures, 1U);
    EXPECT_NE(book.list().front().error.find("too late"), std::string::npos);
}

TEST_F(AgentTest, AnUndoThatIsAskedForAgainIsSentOnce) {
    auto const desk = add();
    auto const clerk = step("agent:clerk");
    auto const busy = prestart(*clerk, 9, "other");
    auto const first = poststop(*clerk, 1);
    auto const again = poststop(*clerk, 1);
    ASSERT_TRUE(*first);
    EXPECT_EQ((*first)->kind, StepResult::Kind::failed);
    answer(*desk);
    answer(*desk);
    EXPECT_EQ((*again)->kind, StepResult::Kind::ok);
    EXPECT_EQ(desk->all, (std::vector<std::string>{"prestart 9", "poststop 1"}));
}

TEST_F(AgentTest, OneThatGoesFailsWhatItHadBegunAndNothingElse) {
    auto const desk = add();
    auto const clerk = step("agent:clerk");
    auto const begun = prestart(*clerk, 1, "a");
    auto const waiting = prestart(*clerk, 2, "b");
    changes = 0;
    handles.clear();
    loop.run_ready();
    EXPECT_EQ(changes, 1);
    EXPECT_FALSE(step("agent:clerk")) << "an undo waits for it";
    EXPECT_EQ((*begun)->kind, StepResult::Kind::failed);
    EXPECT_EQ((*begun)->reason, Reason::plugin_unavailable);
    EXPECT_EQ((*waiting)->kind, StepResult::Kind::ok) << "as if it had gone before that start";
    auto const late = prestart(*clerk, 3);  // of a start that goes on with the steps of its beginning
    EXPECT_EQ((*late)->kind, StepResult::Kind::ok);
    auto const undo = poststop(*clerk, 1, "a");
    EXPECT_EQ((*undo)->reason, Reason::plugin_unavailable);
    EXPECT_TRUE(book.list().empty());
}

TEST_F(AgentTest, VmsThatNeedOneThatIsGoneDoNotStart) {
    add({.vms = std::set<std::string>{"web"}, .needed = true});
    auto const guard = step("agents");
    EXPECT_FALSE(guard->applies_to(*call_of(1).definition));
    auto const clerk = step("agent:clerk");
    handles.clear();
    auto const waiting = prestart(*clerk, 1);
    EXPECT_EQ((*waiting)->kind, StepResult::Kind::veto);
    EXPECT_TRUE(guard->applies_to(*call_of(2, "WEB").definition));
    EXPECT_FALSE(guard->applies_to(*call_of(2, "other").definition));
    auto const refusal = prestart(*guard, 2);
    EXPECT_EQ((*refusal)->kind, StepResult::Kind::veto);
    EXPECT_EQ((*refusal)->reason, Reason::plugin_unavailable);
    EXPECT_NE((*refusal)->text.find("clerk"), std::string::npos);
    EXPECT_FALSE(book.list().front().present);
    add({.vms = std::set<std::string>{"web"}});
    EXPECT_FALSE(guard->applies_to(*call_of(3).definition));
    EXPECT_TRUE(book.remove("clerk"));
    EXPECT_FALSE(book.remove("clerk"));
    handles.clear();  // it has gone already
}

TEST_F(AgentTest, OneWithoutAnUndoHasNoStepThatCouldBeMissing) {
    auto const desk = add({.poststop = false});
    auto const steps = book.steps();
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[1]->name(), "agents");
    auto const result = prestart(*steps[1], 1);
    answer(*desk, AgentKind::veto, "not now");
    EXPECT_EQ((*result)->text, "agent clerk: not now");
    handles.clear();
    auto const undone = poststop(*step("agents"), 1);
    EXPECT_EQ((*undone)->kind, StepResult::Kind::ok);
    EXPECT_EQ(desk->all.size(), 1U);
}

TEST_F(AgentTest, TheirNumberIsBoundedAndANameIsOneAgents) {
    for (std::size_t i = 0; i < Agents::most; ++i) {
        ASSERT_TRUE(add({.name = "a" + std::to_string(i), .order = static_cast<std::uint32_t>(Agents::most - i)}));
    }
    EXPECT_FALSE(add({.name = "one-more"}));
    EXPECT_FALSE(add({.name = "a1", .who = ":1.7"}));
    EXPECT_NE(refused.find("already"), std::string::npos);
    EXPECT_EQ(book.steps()[1]->name(), "agent:a" + std::to_string(Agents::most - 1)) << "by their order";
}

TEST_F(AgentTest, EventsAreToldOneAtATimeAndTheOldestAreLostToOneThatIsSlow) {
    auto const desk = add({.vms = std::set<std::string>{"web"}, .events = {"state"}});
    constexpr std::size_t more = 10;
    for (std::size_t i = 1; i <= Agent::most_events + more + 1; ++i) {
        Turn turn;
        turn.events.push_back({.seq = i, .vm = "Web", .type = EventType::state});
        turn.events.push_back({.seq = i, .vm = "other", .type = EventType::state});
        turn.events.push_back({.seq = i, .vm = "web", .type = EventType::console});
        book.on_turn(turn);
    }
    EXPECT_EQ(desk->all, (std::vector<std::string>{"event 1"}));
    answer(*desk, AgentKind::failed, "UnknownMethod");
    EXPECT_EQ(desk->all.back(), "event 12 missed 10");
    while (!desk->open.empty()) {
        answer(*desk);
    }
    EXPECT_EQ(desk->all.size(), Agent::most_events + 1);
    EXPECT_EQ(desk->all.back(), "event " + std::to_string(Agent::most_events + more + 1));
}

}  // namespace
}  // namespace apiary::plugin::test
