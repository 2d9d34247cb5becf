// Definitions that appear, change, vanish and come back.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class Definitions : public EngineFixture {
protected:
    auto guest() -> Process& { return hypervisor.last(); }
    static auto told(Engine::Changes const& changes) -> Words {
        Words lines;
        for (auto const& plan : changes) {
            lines.push_back(std::string{to_string(plan.action)} + " " + plan.name + ": " +
                            std::string{to_string(plan.effect)});
            for (auto const& change : plan.keys) {
                lines.back() += " " + change.key;
            }
        }
        return lines;
    }
    [[nodiscard]] auto memory(std::string_view vm = "vm") const -> std::string {
        return engine->find(vm)->definition()->memory_text;
    }
    void end() {
        guest().exited(Reason::guest_poweroff);
        loop.run_ready();
    }
};

TEST_F(Definitions, AtRestAChangeHoldsAtOnce) {
    define({{.name = "vm"}});
    define({{.name = "vm", .memory = "128M"}});
    EXPECT_EQ(memory(), "128M");
    EXPECT_FALSE(status().config_pending);
    EXPECT_EQ(observer.of_type(EventType::vm_changed).size(), 1U);
    EXPECT_EQ(observer.of_type(EventType::vm_changed)[0].details.at("pending"), "false");
}

TEST_F(Definitions, WhileItRunsAChangeWaitsForItsEnd) {
    define({{.name = "vm"}});
    start();
    define({{.name = "vm", .owner = 2000, .visibility = Visibility::all, .memory = "128M"}});
    EXPECT_EQ(memory(), "64M");
    EXPECT_TRUE(status().config_pending);
    EXPECT_EQ(engine->find("vm")->audience().owner, 1000U);
    define({{.name = "vm", .owner = 2000, .visibility = Visibility::all, .memory = "128M"}});
    EXPECT_EQ(observer.of_type(EventType::vm_changed).size(), 1U);  // the same again is no news
    guest().exited(Reason::guest_reboot);                           // no cold start
    loop.run_ready();
    EXPECT_EQ(guest().request.definition->memory_text, "64M");
    guest().up();
    end();
    EXPECT_EQ(memory(), "128M");
    EXPECT_FALSE(status().config_pending);
    EXPECT_EQ(engine->find("vm")->audience().owner, 2000U);
    // It was undone by what it was started with.
    EXPECT_EQ(network.calls.back().call.definition->memory_text, "64M");
    auto const& turn = observer.turns.back();
    ASSERT_EQ(turn.vms.size(), 1U);
    EXPECT_TRUE(turn.vms[0].audience_changed);
    EXPECT_EQ(turn.vms[0].audience_before.owner, 1000U);
    start();
    EXPECT_EQ(guest().request.definition->memory_text, "128M");
}

TEST_F(Definitions, BackToTheOldTextNothingIsPending) {
    define({{.name = "vm"}});
    start();
    define({{.name = "vm", .memory = "128M"}});
    define({{.name = "vm"}});
    EXPECT_FALSE(status().config_pending);
    end();
    EXPECT_EQ(memory(), "64M");
    EXPECT_EQ(observer.of_type(EventType::vm_changed).size(), 2U);
}

TEST_F(Definitions, AMovedLineIsNoChange) {
    define({{.name = "vm"}});
    auto const changes = engine->preview({make({.name = "vm", .line = 7})});
    EXPECT_TRUE(changes.empty());
    define({{.name = "vm", .line = 7}});
    EXPECT_TRUE(observer.of_type(EventType::vm_changed).empty());
    EXPECT_EQ(engine->find("vm")->definition()->origin.line, 7U);
}

TEST_F(Definitions, PreviewSaysWhatApplyWouldDo) {
    define({{.name = "a"}, {.name = "b"}, {.name = "c"}});
    auto const next = std::vector{make({.name = "b"}), make({.name = "C", .memory = "1G"}), make({.name = "d"})};
    auto const changes = engine->preview(next);
    EXPECT_EQ(told(changes), (Words{"removed a: remove", "changed c: now memory name", "added d: now"}));
    EXPECT_EQ(engine->count(), 3U);
}

TEST_F(Definitions, ListPagesByName) {
    define({{.name = "b"}, {.name = "A"}, {.name = "c"}});
    auto const page = engine->list({}, 2);
    ASSERT_EQ(page.size(), 2U);
    EXPECT_EQ(page[0]->name(), "A");
    EXPECT_EQ(page[1]->name(), "b");
    auto const rest = engine->list("b", 10);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0]->name(), "c");
}

TEST_F(Definitions, VanishedAtRestItIsGone) {
    define({{.name = "vm"}, {.name = "other"}});
    define({{.name = "other"}});
    EXPECT_EQ(where(), "gone");
    EXPECT_EQ(observer.story("vm"), (Words{"vm-added", "vm-removed"}));
    auto const& turn = observer.turns.back();
    ASSERT_EQ(turn.vms.size(), 1U);
    EXPECT_TRUE(turn.vms[0].removed);
    EXPECT_EQ(tell(Command::start, "vm")->refusal()->kind, Refusal::Kind::no_such_vm);
}

TEST_F(Definitions, VanishedWhileRunningItIsStoppedAndRemoved) {
    define({{.name = "vm"}});
    start();
    define({});
    EXPECT_EQ(where(), "stopping/acpi");
    EXPECT_EQ(guest().count("press"), 1U);
    loop.advance(seconds{30});  // it does not hear
    guest().exited(Reason::requested);
    loop.run_ready();
    EXPECT_EQ(where(), "gone");
    EXPECT_EQ(observer.story("vm").back(), "vm-removed");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Definitions, NobodyKeepsWhatVanished) {
    define({{.name = "vm"}});
    start();
    define({});
    auto const stop = tell(Command::stop, "vm");
    EXPECT_FALSE(engine->job(stop->job())->cancelable);
    auto const canceled = cancel(stop->job());
    EXPECT_EQ(std::get<Refusal>(canceled->value()).kind, Refusal::Kind::not_cancelable);
    EXPECT_EQ(where(), "stopping/acpi");
}

TEST_F(Definitions, VanishedWithAnUndoLeftItStaysUntilThatIsDone) {
    define({{.name = "vm"}});
    start();
    storage.undo_failures = 3;
    end();
    define({});
    EXPECT_EQ(where(), "failed/undo-pending");
    loop.advance(seconds{3});
    EXPECT_EQ(where(), "failed/undo-pending");
    loop.advance(seconds{4});
    EXPECT_EQ(where(), "gone");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Definitions, BackBeforeItsEndItStays) {
    define({{.name = "vm"}});
    start();
    define({});
    auto const changes = engine->preview({make({.name = "vm", .memory = "1G"})});
    EXPECT_EQ(told(changes), Words{"added vm: stop"});
    define({{.name = "vm", .memory = "1G"}});
    end();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(memory(), "1G");
    start();
    EXPECT_EQ(where(), "running");
}

// The definition comes back in the very turn in which the last step of its former life is undone.
TEST_F(Definitions, BackInTheTurnOfItsEndItStays) {
    define({{.name = "vm"}});
    start();
    define({});
    network.undo_answer = A::silent;
    end();
    EXPECT_EQ(where(), "stopping/poststop");
    EXPECT_TRUE(network.answer({.text = {}, .contributions = {}}));
    loop.post([this] { engine->apply({make({.name = "vm", .memory = "1G"})}); });
    auto const start_too = std::make_shared<AnswerPtr>();
    loop.post([this, start_too] { *start_too = send(Command::stop, "vm"); });
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(memory(), "1G");
    EXPECT_TRUE((*start_too)->came());
    EXPECT_EQ(faults_at_rest(), Words{});
}

// A command that waits behind the end of its VM is refused; nothing starts that nobody could see.
TEST_F(Definitions, ACommandBehindTheVanishingIsRefused) {
    define({{.name = "vm"}});
    engine->apply({});
    auto const answer = send(Command::start, "vm");
    loop.run_ready();
    EXPECT_EQ(where(), "gone");
    ASSERT_TRUE(answer->came());
    EXPECT_EQ(answer->refusal()->kind, Refusal::Kind::no_such_vm);
    EXPECT_TRUE(asked.empty());
}

TEST_F(Definitions, AppliedTwiceInOneTurnItIsThere) {
    define({{.name = "vm"}});
    engine->apply({});
    engine->apply({make({.name = "vm", .memory = "1G"})});
    loop.run_ready();
    EXPECT_EQ(memory(), "1G");
    define({});
    EXPECT_EQ(where(), "gone");
}

TEST_F(Definitions, BackAfterItsEndItIsANewOneWithItsOldNumber) {
    define({{.name = "other"}, {.name = "vm"}});
    auto const id = engine->find("vm")->id();
    define({{.name = "other"}});
    define({{.name = "third"}, {.name = "other"}, {.name = "vm"}});
    EXPECT_EQ(engine->find("vm")->id(), id);
    EXPECT_EQ(status().last_event, 1U);
    EXPECT_NE(engine->find("third")->id(), id);
}

}  // namespace
}  // namespace apiary::test
