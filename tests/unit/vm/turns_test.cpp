// The order that every turn promises: commit, replies, observers; and what it says of VMs and jobs.
#include "engine_fixture.hpp"

#include "vm/turns.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class TurnOrder : public EngineFixture {};

TEST_F(TurnOrder, CommitThenRepliesThenObservers) {
    class Witness : public Journal {
    public:
        explicit Witness(Words& log) : log_{log} {}
        void append(Event& event) override { ring_.append(event); }
        auto commit() -> bool override {
            log_.emplace_back("commit");
            return works;
        }
        [[nodiscard]] auto stream() const -> std::string const& override { return ring_.stream(); }
        [[nodiscard]] auto last() const -> std::uint64_t override { return ring_.last(); }
        [[nodiscard]] auto read(std::uint64_t after, std::size_t max,
                                std::function<bool(Event const&)> const& wanted) const -> Page override {
            return ring_.read(after, max, wanted);
        }
        bool works = true;

    private:
        Words& log_;
        store::RingJournal ring_{"s", 10};
    };
    class Notes : public Observer {
    public:
        Notes(Words& log, std::string name) : log_{log}, name_{std::move(name)} {}
        void on_turn(Turn const& turn) override {
            log_.push_back(name_);
            for (auto const& event : turn.events) {
                durable = event.durable;
            }
        }
        bool durable = false;

    private:
        Words& log_;
        std::string name_;
    };
    Words log;
    Witness witness{log};
    Turns turns{loop, witness};
    Notes first{log, "first"}, second{log, "second"};
    turns.add_observer(first);
    turns.add_observer(second);
    turns.after_commit([&log] { log.emplace_back("reply"); });
    turns.emit({.wall = {}, .mono = {}, .vm = "vm", .details = {}, .audience = {}});
    EXPECT_TRUE(log.empty());
    loop.run_ready();
    EXPECT_EQ(log, (Words{"commit", "reply", "first", "second"}));
    EXPECT_TRUE(first.durable);
    log.clear();
    turns.close();  // nothing happened
    EXPECT_TRUE(log.empty());
    witness.works = false;
    turns.emit({.wall = {}, .mono = {}, .vm = "vm", .details = {}, .audience = {}});
    turns.close();
    EXPECT_FALSE(first.durable);
    log.clear();
    loop.run_ready();  // what was posted for the turn that is closed already
    EXPECT_TRUE(log.empty());
}

TEST_F(TurnOrder, WhatARepliesCausesIsTheNextTurn) {
    define({{.name = "vm"}});
    auto const turns_before = observer.turns.size();
    AnswerPtr second;
    engine->command(Command::stop, "vm", {}, 0, [this, &second](Outcome<std::uint64_t> const&) {
        second = send(Command::stop, "vm");
        engine->close_turn();  // inside of a turn's end: nothing
        EXPECT_FALSE(second->came());
    });
    loop.run_ready();
    EXPECT_TRUE(second->came());
    EXPECT_EQ(observer.turns.size(), turns_before + 2);
}

TEST_F(TurnOrder, RepliesComeBeforeTheEventsOfTheirTurn) {
    define({{.name = "vm"}});
    observer.log.clear();
    tell(Command::stop, "vm");
    ASSERT_EQ(observer.log.size(), 3U);
    EXPECT_EQ(observer.log[0], "reply");
}

TEST_F(TurnOrder, OneChangePerVmWithWhatWasBefore) {
    define({{.name = "vm"}});
    start();
    observer.turns.clear();
    hypervisor.last().paused();
    hypervisor.last().resumed();
    hypervisor.last().paused();
    loop.run_ready();
    std::size_t events = 0;
    for (auto const& turn : observer.turns) {
        ASSERT_EQ(turn.vms.size(), 1U);
        events += turn.events.size();
    }
    EXPECT_EQ(events, 3U);  // never coalesced
    EXPECT_EQ(observer.turns.front().vms[0].before.state, State::running);
    EXPECT_EQ(observer.turns.back().after[0].state, State::paused);
}

TEST_F(TurnOrder, TheJournalHasWhatWasTold) {
    define({{.name = "vm"}});
    start();
    auto const page = engine->journal().read(0, 1000, [](Event const&) { return true; });
    ASSERT_EQ(page.events.size(), observer.events.size());
    for (std::size_t i = 0; i < page.events.size(); ++i) {
        EXPECT_EQ(page.events[i]->seq, observer.events[i].seq);
        EXPECT_EQ(page.events[i]->job, observer.events[i].job);
        EXPECT_EQ(page.events[i]->details, observer.events[i].details);
    }
    EXPECT_EQ(page.complete_through, observer.events.back().seq);
}

TEST_F(TurnOrder, RemovedVmsAreToldOnce) {
    define({{.name = "a"}, {.name = "b"}});
    observer.turns.clear();
    define({});
    std::size_t removed = 0;
    for (auto const& turn : observer.turns) {
        for (auto const& change : turn.vms) {
            removed += change.removed ? 1 : 0;
        }
    }
    EXPECT_EQ(removed, 2U);
    EXPECT_EQ(engine->count(), 0U);
}

}  // namespace
}  // namespace apiary::test
