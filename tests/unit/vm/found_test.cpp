// Guests that an earlier daemon left running: seen, refused to be started again, and powered off through their shim.
#include "engine_fixture.hpp"
#include "places.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class Found : public EngineFixture {
protected:
    void find(bool defined = true) {
        engine->found_running(found_record());
        if (defined) {
            define({{.name = "vm"}});
        }
        loop.run_ready();
    }
    auto process() -> FoundProcess& { return *supervisor.found.back(); }
};

TEST_F(Found, IsSeenAsItIs) {
    find();
    EXPECT_EQ(where(), "running/not-adopted");
    EXPECT_EQ(status().reason, Reason::recovered);
    EXPECT_EQ(status().incarnation, 3U);
    EXPECT_EQ(status().hypervisor_pid, 77);
    EXPECT_EQ(engine->find("vm")->id(), 7U);
    EXPECT_EQ(engine->find("vm")->audience().owner, 1000U);
    EXPECT_TRUE(status().config_pending);
    EXPECT_EQ(observer.story("vm"), (Words{"vm-added", "running/not-adopted", "vm-changed"}));
    EXPECT_EQ(observer.events[0].audience.owner, 1000U);
}

TEST_F(Found, ItsBootPolicyStartsNoSecondOne) {
    engine->found_running(found_record());
    define({{.name = "vm", .boot = BootPolicy::yes}});
    loop.advance(minutes{1});
    EXPECT_TRUE(asked.empty());
    EXPECT_EQ(tell(Command::start, "vm")->refusal()->kind, Refusal::Kind::invalid_state);
}

TEST_F(Found, IsPoweredOffThroughItsShim) {
    find();
    auto const off = tell(Command::poweroff, "vm");
    EXPECT_EQ(process().signals, std::vector<int>{9});
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(status().reason, Reason::requested);
    EXPECT_EQ(result(off), "done");
    EXPECT_TRUE(process().forgotten);
    start();
    EXPECT_EQ(where(), "running");
    EXPECT_EQ(hypervisor.last().request.incarnation, 4U);
    EXPECT_EQ(hypervisor.last().request.run_dir, "/run/apiary/7/4");
}

TEST_F(Found, IsKilledAgainUntilItIsGone) {
    find();
    process().dies_of_signals = false;
    tell(Command::poweroff, "vm");
    loop.advance(seconds{20});
    EXPECT_EQ(process().signals, (std::vector<int>{9, 9, 9}));
    process().exit({.known = true, .signaled = true, .value = 9});
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Found, ItsEndIsNotGuessed) {
    find();
    process().exit({.known = true, .value = 0});
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(status().reason, Reason::unknown);
}

TEST_F(Found, KilledBySomebody) {
    find();
    process().exit({.known = true, .signaled = true, .value = 11});
    loop.run_ready();
    EXPECT_EQ(status().reason, Reason::killed);
    EXPECT_NE(status().reason_text.find("11"), std::string::npos);
}

TEST_F(Found, WithoutADefinitionItIsGoneAtItsEnd) {
    find(false);
    define({});
    EXPECT_EQ(where(), "running/not-adopted");
    process().exit({.known = true, .value = 0});
    loop.run_ready();
    EXPECT_EQ(where(), "gone");
}

TEST_F(Found, EndedBeforeTheConfigurationWasRead) {
    find(false);
    process().exit({.known = true, .value = 0});
    loop.run_ready();
    EXPECT_EQ(where(), "failed");
    EXPECT_EQ(engine->find("vm")->definition(), nullptr);
    EXPECT_EQ(tell(Command::start, "vm")->refusal()->kind, Refusal::Kind::invalid_state);
    define({{.name = "vm"}});
    start();
    EXPECT_EQ(where(), "running");
}

TEST_F(Found, AShimThatCannotBeReachedStillCountsAsRunning) {
    for (auto const manner : {FakeSupervisor::Manner::null, FakeSupervisor::Manner::throws}) {
        EngineWorld world;
        world.supervisor.reattaches = manner;
        world.engine->found_running(found_record());
        world.define({{.name = "vm"}});
        EXPECT_EQ(world.where(), "running/not-adopted");
        EXPECT_NE(world.tell(Command::start, "vm")->refusal(), nullptr);
        world.tell(Command::poweroff, "vm");
        world.loop.advance(minutes{1});
        EXPECT_EQ(world.where(), "stopping/killing");
        EXPECT_EQ(world.faults(), Words{});
    }
}

TEST_F(Found, TwoOfOneNameAreTold) {
    find();
    auto second = found_record();
    second.run_dir = "/run/apiary/7/4";
    engine->found_running(second);
    loop.run_ready();
    EXPECT_EQ(engine->count(), 1U);
    ASSERT_EQ(observer.of_type(EventType::notice).size(), 1U);
    EXPECT_NE(observer.of_type(EventType::notice)[0].details.at("text").find("/run/apiary/7/4"), std::string::npos);
}

TEST_F(Found, ItsNumberIsNotGivenToAnother) {
    auto record = found_record();
    record.id = 0;
    engine->found_running(record);
    define({{.name = "a"}, {.name = "vm"}});
    EXPECT_EQ(engine->find("vm")->id(), 0U);
    EXPECT_EQ(engine->find("a")->id(), 1U);
}

TEST_F(Found, TheEndOfTheDaemonLeavesItRunning) {
    find();
    int done = 0;
    engine->shut_down([&done] { ++done; });
    loop.run_ready();
    EXPECT_EQ(done, 1);
    EXPECT_TRUE(process().signals.empty());
}

TEST_F(Found, TheDeathOfItsShimIsANotice) {
    find();
    process().say({.kind = SupervisedEvent::Kind::orphaned, .pid = 77, .status = {}, .text = {}});
    loop.run_ready();
    EXPECT_EQ(observer.of_type(EventType::notice).size(), 1U);
    EXPECT_EQ(where(), "running/not-adopted");
}

}  // namespace
}  // namespace apiary::test
