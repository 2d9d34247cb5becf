// A journal that is busy for a moment, or that cannot be written at all: what the engine does meanwhile.
#include "engine_fixture.hpp"

#include "vm/turns.hpp"

namespace apiary::test {
namespace {

class Moody : public Journal {
public:
    void append(Event& event) override { ring_.append(event); }
    auto commit() -> bool override {
        ++commits;
        return works;
    }
    [[nodiscard]] auto ready() const -> bool override { return is_ready; }
    void when_ready(std::function<void()> callback) override { waiting.push_back(std::move(callback)); }
    [[nodiscard]] auto fault() const -> std::string override { return works ? "" : "the disk is full"; }
    [[nodiscard]] auto last_of(std::string_view) const -> std::uint64_t override { return 41; }
    [[nodiscard]] auto stream() const -> std::string const& override { return ring_.stream(); }
    [[nodiscard]] auto last() const -> std::uint64_t override { return ring_.last(); }
    [[nodiscard]] auto read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
        -> Page override {
        return ring_.read(after, max, wanted);
    }
    void become_ready() {
        is_ready = true;
        for (auto const& callback : std::exchange(waiting, {})) {
            callback();
        }
    }

    bool works = true, is_ready = true;
    int commits = 0;
    std::vector<std::function<void()>> waiting;

private:
    store::RingJournal ring_{"s", 1000};
};

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
    [[nodiscard]] auto status() const -> VmStatus const& { return engine.find("vm")->status(); }

    FakeLoop loop;
    Moody journal;
    Identities identities;
    ScriptedHypervisor hypervisor{loop};
    ScriptedStep step{loop, "step"};
    FakeSupervisor supervisor{loop};
    RecordingObserver observer{journal};
    EngineCore engine{EngineParts{.loop = loop,
                                  .journal = journal,
                                  .supervisor = supervisor,
                                  .identities = identities,
                                  .hypervisors = {&hypervisor},
                                  .steps = {&step},
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
    auto const first = start();  // is accepted: nobody knew
    ASSERT_TRUE(first && std::holds_alternative<std::uint64_t>(*first));
    engine.command(Command::stop, "vm", {}, 0, [](auto const&) {});
    loop.run_ready();
    if (status().state != State::stopped) {
        engine.command(Command::poweroff, "vm", {}, 0, [](auto const&) {});
        loop.run_ready();
        hypervisor.last().exited(Reason::requested);
        loop.run_ready();
    }
    ASSERT_EQ(status().state, State::stopped);
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

}  // namespace
}  // namespace apiary::test
