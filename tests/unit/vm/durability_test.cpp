// A journal that is busy for a moment, or that cannot be written at all: what the engine does meanwhile.
#include "engine_fixture.hpp"

#include "support/moody_journal.hpp"
#include "vm/turns.hpp"

namespace apiary::test {
namespace {

class Durability : public testing::Test {
protected:
    Durability() {
        engine.add_observer(observer);
        engine.apply({make({.name = "vm"})});
        loop.run_ready();
        observer.events.clear();
    }
    // With boot = always, waiting for its restart.
    void crash() {
        engine.apply({make({.name = "vm", .boot = BootPolicy::always})});
        loop.run_ready();
        hypervisor.last().up();
        hypervisor.last().exited(Reason::killed);
        loop.run_ready();
    }
    auto start() -> std::optional<Outcome<std::uint64_t>> {
        std::optional<Outcome<std::uint64_t>> answer;
        engine.command(Command::start, "vm", {}, 0, [&](auto outcome) { answer = std::move(outcome); });
        loop.run_ready();
        return answer;
    }
    // Another VM is to start in 5 s. A turn, so that it is seen that nothing can be written.
    void plan_and_fill_the_disk() {
        engine.apply({make({.name = "late", .boot = BootPolicy::yes, .boot_delay = seconds{5}}), make({.name = "vm"})});
        loop.run_ready();
        journal.works = false;
        engine.command(Command::reset, "vm", {}, 0, [](auto const&) {});
        loop.run_ready();
    }
    [[nodiscard]] auto status() const -> VmStatus const& { return engine.find("vm")->status(); }
    [[nodiscard]] auto late() const -> VmStatus const& { return engine.find("late")->status(); }

    FakeLoop loop;
    MoodyJournal journal;
    Identities identities;
    ScriptedHypervisor hypervisor{loop};
    ScriptedStep step{loop, "step"}, second_step{loop, "second"};
    FakeSupervisor supervisor{loop};
    RecordingObserver observer{journal};
    EngineCore engine{EngineParts{.loop = loop,
                                  .journal = journal,
                                  .supervisor = supervisor,
                                  .identities = identities,
                                  .hypervisors = {&hypervisor},
                                  .steps = {&step, &second_step},
                                  .run_root = "/run"}};
};

TEST_F(Durability, EventsOfAVmAreCountedOnFromTheStore) {
    EXPECT_EQ(status().last_event, 42U);
}

TEST_F(Durability, ATurnWaitsForTheJournalAndTheLoopGoesOn) {
    journal.is_ready = false;
    auto const commits = journal.commits;
    bool answered = false;
    engine.command(Command::start, "vm", {}, 0, [&](auto const&) { answered = true; });
    loop.run_ready();
    engine.command(Command::start, "vm", {}, 0, [](auto const&) {});
    loop.run_ready();
    EXPECT_FALSE(answered);
    EXPECT_TRUE(observer.events.empty());
    EXPECT_EQ(journal.commits, commits);
    EXPECT_EQ(journal.waiting.size(), 1U);
    EXPECT_EQ(step.calls.size(), 0U);  // what is not written down is not begun
    journal.become_ready();
    loop.run_ready();
    EXPECT_TRUE(answered);
    EXPECT_FALSE(observer.events.empty());
    EXPECT_EQ(step.calls.size(), 1U);
}

TEST_F(Durability, WhoNeedsATurnToBeClosedWaitsForTheJournal) {
    std::vector<std::string> log;
    engine.close_turn([&] { log.emplace_back("nothing happened"); });
    EXPECT_EQ(log.size(), 1U);
    journal.is_ready = false;
    engine.command(Command::start, "vm", {}, 0, [&](auto const&) { log.emplace_back("reply"); });
    engine.close_turn([&] { log.emplace_back(observer.events.empty() ? "closed" : "closed and told"); });
    loop.run_ready();
    EXPECT_EQ(log.size(), 1U);
    auto const commits = journal.commits;
    journal.become_ready();
    EXPECT_EQ(log, (std::vector<std::string>{"nothing happened", "reply", "closed and told"}));
    EXPECT_EQ(journal.commits, commits + 1);
}

TEST_F(Durability, NothingNewStartsWhileNothingCanBeWritten) {
    journal.works = false;
    auto const first = start();  // is accepted: nobody knew; but nothing is begun
    ASSERT_TRUE(first && std::holds_alternative<std::uint64_t>(*first));
    EXPECT_EQ(step.calls.size(), 0U);
    EXPECT_TRUE(hypervisor.processes.empty());
    ASSERT_EQ(status().state, State::failed);
    EXPECT_EQ(status().sub_state, SubState::none);
    EXPECT_EQ(status().reason, Reason::error);
    EXPECT_NE(status().reason_text.find("the journal cannot be written: the disk is full"), std::string::npos)
        << status().reason_text;
    EXPECT_EQ(observer.ended_jobs.at(std::get<std::uint64_t>(*first)).result, JobResult::failed);
    auto const second = start();
    ASSERT_TRUE(second && std::holds_alternative<Refusal>(*second));
    EXPECT_EQ(std::get<Refusal>(*second).kind, Refusal::Kind::degraded);
    EXPECT_NE(std::get<Refusal>(*second).text.find("the disk is full"), std::string::npos);

    // It is tried again, less and less often, until it works; then that is told.
    auto commits = journal.commits;
    loop.advance(seconds{1});
    EXPECT_EQ(journal.commits, commits + 1);
    loop.advance(minutes{10});
    EXPECT_LE(journal.commits, commits + 20);
    journal.works = true;
    loop.advance(minutes{1});
    ASSERT_FALSE(observer.events.empty());
    EXPECT_TRUE(observer.events.back().durable);
    EXPECT_EQ(observer.events.back().details.at("text"), "the journal can be written again");
    EXPECT_EQ(loop.armed_timers(), 0U);
    auto const third = start();
    EXPECT_TRUE(third && std::holds_alternative<std::uint64_t>(*third));
}

TEST_F(Durability, AStepThatCannotBeWrittenDownIsNotCalled) {
    step.prestart_answer = ScriptedStep::Answer::silent;
    start();
    ASSERT_EQ(step.story("vm"), (std::vector<std::string>{"prestart"}));
    journal.works = false;
    step.answer({});
    loop.run_ready();
    EXPECT_EQ(step.story("vm"), (std::vector<std::string>{"prestart", "poststop"}));
    EXPECT_EQ(second_step.story("vm"), std::vector<std::string>{});
    EXPECT_EQ(status().state, State::failed);
    EXPECT_NE(status().reason_text.find("step second: "), std::string::npos) << status().reason_text;
    EXPECT_NE(status().reason_text.find("the disk is full"), std::string::npos) << status().reason_text;
    EXPECT_TRUE(step.begun.empty());
}

TEST_F(Durability, ALaunchThatCannotBeWrittenDownDoesNotHappen) {
    for (bool const loader : {false, true}) {
        hypervisor.loader = loader;
        second_step.prestart_answer = ScriptedStep::Answer::silent;
        start();
        journal.works = false;
        second_step.answer({});
        loop.run_ready();
        EXPECT_TRUE(hypervisor.processes.empty());
        EXPECT_EQ(status().state, State::failed);
        EXPECT_EQ(status().reason, Reason::error);
        EXPECT_NE(status().reason_text.find("not launched: the journal cannot be written: the disk is full"),
                  std::string::npos)
            << status().reason_text;
        EXPECT_TRUE(step.begun.empty());
        EXPECT_TRUE(second_step.begun.empty());
        journal.works = true;
        loop.advance(minutes{1});
    }
}

TEST_F(Durability, WhatIsThereGoesOn) {
    start();
    hypervisor.last().up();
    loop.run_ready();
    journal.works = false;
    hypervisor.last().exited(Reason::guest_reboot);  // it is started again
    loop.run_ready();
    ASSERT_EQ(hypervisor.processes.size(), 2U);
    EXPECT_TRUE(hypervisor.last().alive);
}

// Its end is not in the journal: the next daemon would have to ask the shim's record.
TEST_F(Durability, TheRecordOfAnEndStaysUntilTheEndIsWrittenDown) {
    start();
    hypervisor.last().up();
    loop.run_ready();
    journal.works = false;
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(status().state, State::stopped);
    EXPECT_FALSE(hypervisor.last().forgotten);
    journal.works = true;
    loop.advance(minutes{1});
    EXPECT_TRUE(hypervisor.last().forgotten);
    EXPECT_FALSE(hypervisor.last().held);
}

TEST_F(Durability, WhoseTurnToStartComesThenIsNotStarted) {
    engine.apply({make({.name = "db"}), make({.name = "vm", .after = {"db"}})});
    engine.command(Command::start, "db", {}, 0, [](auto const&) {});
    loop.run_ready();
    start();
    ASSERT_EQ(status().sub_state, SubState::waiting);
    journal.works = false;
    hypervisor.last().up();
    loop.run_ready();
    EXPECT_EQ(status().state, State::failed);
    EXPECT_NE(status().reason_text.find("the disk is full"), std::string::npos) << status().reason_text;
    EXPECT_EQ(status().incarnation, 0U);
}

TEST_F(Durability, AStartThatIsRefusedThenHoldsUpNobody) {
    engine.apply({make({.name = "db", .boot = BootPolicy::yes, .boot_delay = seconds{5}}),
                  make({.name = "vm", .after = {"db"}})});
    start();
    ASSERT_EQ(status().sub_state, SubState::waiting);
    journal.works = false;
    engine.command(Command::reset, "vm", {}, 0, [](auto const&) {});  // a turn
    loop.run_ready();
    loop.advance(seconds{5});
    EXPECT_EQ(engine.find("db")->status().state, State::stopped);
    EXPECT_EQ(status().state, State::failed);  // its turn has come
}

TEST_F(Durability, ARestartThatCannotBeWrittenDownIsTriedLater) {
    crash();
    ASSERT_EQ(status().sub_state, SubState::backoff);
    journal.works = false;
    engine.command(Command::reset, "vm", {}, 0, [](auto const&) {});  // a turn: it is seen that nothing can be written
    loop.run_ready();
    loop.advance(std::chrono::seconds{1});
    EXPECT_EQ(status().sub_state, SubState::backoff);
    EXPECT_NE(status().reason_text.find("the disk is full"), std::string::npos) << status().reason_text;
    journal.works = true;
    loop.advance(std::chrono::minutes{5});
    EXPECT_EQ(status().state, State::starting);
    EXPECT_EQ(status().incarnation, 2U);
}

TEST_F(Durability, APlannedStartThatCannotBeWrittenDownIsTriedLater) {
    plan_and_fill_the_disk();
    observer.events.clear();
    loop.advance(minutes{12});
    EXPECT_EQ(late().state, State::stopped);
    EXPECT_EQ(late().target, Target::running);
    auto const told = observer.of_type(EventType::notice, "late");
    ASSERT_EQ(told.size(), 1U);  // not at each time
    EXPECT_NE(told[0].details.at("text").find("tried again every 5 min"), std::string::npos);
    EXPECT_NE(told[0].details.at("text").find("the disk is full"), std::string::npos);
    journal.works = true;
    loop.advance(minutes{3} + seconds{10});  // 15 min and 10 s since it was planned for 5 s
    EXPECT_EQ(late().state, State::starting);
    EXPECT_EQ(late().incarnation, 1U);
}

TEST_F(Durability, AStartThatIsPutOffIsCalledOffByAStop) {
    plan_and_fill_the_disk();
    loop.advance(seconds{6});
    engine.command(Command::stop, "late", {}, 0, [](auto const&) {});
    loop.run_ready();
    EXPECT_EQ(late().target, Target::stopped);
    journal.works = true;
    loop.advance(minutes{10});
    EXPECT_EQ(late().state, State::stopped);
    EXPECT_EQ(late().incarnation, 0U);
}

TEST_F(Durability, AStartThatIsPutOffHoldsUpNobody) {
    engine.apply({make({.name = "db", .boot = BootPolicy::yes, .boot_delay = seconds{5}}),
                  make({.name = "vm", .after = {"db"}})});
    loop.run_ready();
    journal.works = false;
    engine.command(Command::reset, "vm", {}, 0, [](auto const&) {});
    loop.run_ready();
    loop.advance(seconds{6});
    journal.works = true;
    loop.advance(minutes{1});
    engine.command(Command::fail_reset, "db", {}, 0, [](auto const&) {});
    start();
    EXPECT_EQ(status().sub_state, SubState::launching);
}

}  // namespace
}  // namespace apiary::test
