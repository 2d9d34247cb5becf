// Who starts after whom, and how many at once.
#include "vm/start_order.hpp"

#include <algorithm>
#include <random>

#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class Order : public EngineFixture {
protected:
    auto process(std::string_view vm) -> Process& {
        for (auto it = hypervisor.processes.rbegin(); it != hypervisor.processes.rend(); ++it) {
            if ((*it)->request.definition->name == vm) {
                return **it;
            }
        }
        throw std::out_of_range{std::string{vm}};
    }
    void up(std::string_view vm) {
        process(vm).up();
        loop.run_ready();
    }
    // The names of the VMs in the order in which they came to this state.
    auto came_to(State state, SubState sub_state = SubState::none) -> Words {
        Words names;
        for (auto const& event : observer.of_type(EventType::state)) {
            if (event.state == state && event.sub_state == sub_state) {
                names.push_back(event.vm);
            }
        }
        return names;
    }
    auto where_all(Words const& vms) -> Words {
        Words places;
        for (auto const& vm : vms) {
            places.push_back(where(vm));
        }
        return places;
    }
};

TEST_F(Order, AtTheDaemonsStartEachWaitsForThoseThatItIsAfter) {
    hypervisor.obedient = true;
    define({{.name = "web", .boot = BootPolicy::yes, .after = {"db", "cache"}},
            {.name = "cache", .boot = BootPolicy::yes, .after = {"db"}},
            {.name = "db", .boot = BootPolicy::yes}});
    loop.run_ready();
    EXPECT_EQ(came_to(State::running), (Words{"db", "cache", "web"}));
    EXPECT_EQ(came_to(State::starting, SubState::waiting), (Words{"web", "cache"}));
}

TEST_F(Order, ADelayOfTheOneDelaysTheOther) {
    hypervisor.obedient = true;
    define({{.name = "web", .boot = BootPolicy::yes, .after = {"DB"}},
            {.name = "db", .boot = BootPolicy::yes, .boot_delay = seconds{40}}});
    EXPECT_EQ(where("web"), "starting/waiting");
    EXPECT_EQ(status("web").reason_text, "it waits for VM db");
    loop.advance(seconds{39});
    EXPECT_EQ(where_all({"db", "web"}), (Words{"stopped", "starting/waiting"}));
    loop.advance(seconds{1});
    EXPECT_EQ(where_all({"db", "web"}), (Words{"running", "running"}));
}

TEST_F(Order, WhatIsNotOnItsWayUpHoldsUpNobody) {
    define({{.name = "web", .after = {"db", "nobody"}}, {.name = "db"}});
    tell(Command::start, "web");
    EXPECT_EQ(where("web"), "starting/launching");
    tell(Command::poweroff, "web");
    process("web").exited(Reason::requested);
    loop.run_ready();
    start("db");
    tell(Command::start, "web");  // it runs
    EXPECT_EQ(where("web"), "starting/launching");
}

TEST_F(Order, AFailureOfTheOneLetsTheOtherGoOn) {
    define({{.name = "web", .after = {"db"}}, {.name = "db"}});
    tell(Command::start, "db");
    auto const answer = tell(Command::start, "web");
    EXPECT_EQ(where("web"), "starting/waiting");
    process("db").exited(Reason::guest_panic);
    loop.run_ready();
    EXPECT_EQ(where_all({"db", "web"}), (Words{"failed", "starting/launching"}));
    up("web");
    EXPECT_EQ(result(answer), "done");
}

TEST_F(Order, SoDoesItsStop) {
    define({{.name = "web", .after = {"db"}}, {.name = "db", .boot = BootPolicy::yes, .boot_delay = minutes{5}}});
    tell(Command::start, "web");
    EXPECT_EQ(where("web"), "starting/waiting");  // db is about to be started
    tell(Command::stop, "db");
    EXPECT_EQ(where("web"), "starting/launching");
}

TEST_F(Order, SoDoesItsEndAsAVm) {
    define({{.name = "web", .after = {"db"}}, {.name = "db", .boot = BootPolicy::yes, .boot_delay = minutes{5}}});
    tell(Command::start, "web");
    define({{.name = "web", .after = {"db"}}});
    EXPECT_EQ(where("web"), "starting/launching");
}

TEST_F(Order, WhoWaitsBeginsNothingAndCountsNoIncarnation) {
    define({{.name = "web", .after = {"db"}}, {.name = "db"}});
    tell(Command::start, "db");
    asked.clear();
    auto const first = tell(Command::start, "web");
    auto const second = tell(Command::start, "web");
    EXPECT_EQ(first->job(), second->job());
    EXPECT_EQ(asked, Words{});
    EXPECT_EQ(status("web").incarnation, 0U);
    EXPECT_EQ(engine->job(first->job())->stage, "waiting");
    EXPECT_TRUE(engine->job(first->job())->cancelable);
    auto const stop = tell(Command::stop, "web");
    EXPECT_EQ(where("web"), "stopped");
    EXPECT_EQ(status("web").reason, Reason::requested);
    EXPECT_EQ(result(first) + " " + result(stop), "superseded done");
    up("db");
    EXPECT_EQ(where("web"), "stopped");  // its turn was called off
    EXPECT_EQ(status("web").incarnation, 0U);
}

TEST_F(Order, AChainComesUpOneByOne) {
    define({{.name = "a", .after = {"b"}}, {.name = "b", .after = {"c"}}, {.name = "c"}});
    for (auto const* const vm : {"c", "b", "a"}) {
        tell(Command::start, vm);
    }
    EXPECT_EQ(where_all({"c", "b", "a"}), (Words{"starting/launching", "starting/waiting", "starting/waiting"}));
    up("c");
    EXPECT_EQ(where_all({"c", "b", "a"}), (Words{"running", "starting/launching", "starting/waiting"}));
    up("b");
    up("a");
    EXPECT_EQ(where_all({"c", "b", "a"}), (Words{"running", "running", "running"}));
}

// A reload can bring together what one configuration would not: nobody waits for ever.
TEST_F(Order, ACircleIsOpened) {
    hypervisor.obedient = true;
    define({{.name = "a", .boot = BootPolicy::yes, .after = {"b"}},
            {.name = "b", .boot = BootPolicy::yes, .after = {"c"}},
            {.name = "c", .boot = BootPolicy::yes, .after = {"a", "c"}}});
    loop.run_ready();
    EXPECT_EQ(came_to(State::running).size(), 3U);
}

TEST_F(Order, AReloadThatTakesTheReasonAwayEndsTheWait) {
    define({{.name = "web", .after = {"db"}}, {.name = "db"}});
    tell(Command::start, "db");
    tell(Command::start, "web");
    define({{.name = "web", .memory = "128M"}, {.name = "db"}});
    EXPECT_EQ(where("web"), "starting/launching");
    EXPECT_FALSE(status("web").config_pending);
    EXPECT_EQ(process("web").request.definition->memory_text, "128M");  // taken while it waited
}

// A private VM is nobody's business who sees the one that waits for it.
TEST_F(Order, WhoMayNotBeSeenIsNotNamed) {
    define({{.name = "web", .visibility = Visibility::all, .after = {"db", "cache", "other"}},
            {.name = "db", .visibility = Visibility::owner},
            {.name = "cache", .visibility = Visibility::all},
            {.name = "other", .owner = 2000}});
    for (auto const* const vm : {"db", "cache", "other", "web"}) {
        tell(Command::start, vm);
    }
    EXPECT_EQ(status("web").reason_text, "it waits for VM cache and 2 more");
    define({{.name = "web", .visibility = Visibility::all, .after = {"db"}}, {.name = "db"}});
    tell(Command::stop, "web");
    tell(Command::start, "web");
    EXPECT_EQ(status("web").reason_text, "it waits for another VM");
}

TEST_F(Order, OnlySoManyStartAtOnceByTheTimeOfTheirRequest) {
    engine->limit_starts(2);
    define({{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}});
    for (auto const* const vm : {"d", "b", "c", "a"}) {
        tell(Command::start, vm);
    }
    EXPECT_EQ(where_all({"d", "b", "c", "a"}),
              (Words{"starting/launching", "starting/launching", "starting/queued", "starting/queued"}));
    up("b");
    EXPECT_EQ(where_all({"c", "a"}), (Words{"starting/launching", "starting/queued"}));
    process("d").exited(Reason::guest_panic);  // a failure makes room, too
    loop.run_ready();
    EXPECT_EQ(where("a"), "starting/launching");
}

TEST_F(Order, WhoHasWaitedKeepsTheTimeOfHisRequest) {
    engine->limit_starts(1);
    define({{.name = "db"}, {.name = "web", .after = {"db"}}, {.name = "late"}});
    for (auto const* const vm : {"db", "web", "late"}) {
        tell(Command::start, vm);
    }
    EXPECT_EQ(where_all({"web", "late"}), (Words{"starting/waiting", "starting/queued"}));
    up("db");
    EXPECT_EQ(where_all({"web", "late"}), (Words{"starting/launching", "starting/queued"}));
}

TEST_F(Order, TheEndOfAWaitMayBeTheQueue) {
    engine->limit_starts(2);
    define({{.name = "db"}, {.name = "x", .after = {"db"}}, {.name = "y", .after = {"db"}}, {.name = "slow"}});
    for (auto const* const vm : {"db", "slow", "x", "y"}) {
        tell(Command::start, vm);
    }
    up("db");
    EXPECT_EQ(where_all({"slow", "x", "y"}), (Words{"starting/launching", "starting/launching", "starting/queued"}));
    EXPECT_EQ(status("y").reason_text, "");
    tell(Command::poweroff, "y");
    up("slow");
    EXPECT_EQ(where("y"), "stopped");
}

// What is to be tried again after a failure may take for ever: nobody waits for it. But it waits like everybody else.
TEST_F(Order, ARestartWaitsForItsTurnAndHoldsUpNobody) {
    engine->limit_starts(1);
    define({{.name = "bad", .boot = BootPolicy::always}, {.name = "web", .after = {"bad"}}, {.name = "slow"}});
    up("bad");
    process("bad").exited(Reason::killed);
    loop.run_ready();
    ASSERT_EQ(where("bad"), "stopped/backoff");
    tell(Command::start, "web");
    EXPECT_EQ(where("web"), "starting/launching");
    loop.advance(seconds{1});
    EXPECT_EQ(where("bad"), "starting/queued");
    up("web");
    EXPECT_EQ(where("bad"), "starting/launching");
    EXPECT_EQ(status("bad").incarnation, 2U);
}

TEST_F(Order, AStartThatTakesTooLongCountsNoMore) {
    engine->limit_starts(1);
    define({{.name = "a", .loader_timeout = seconds{0}}, {.name = "b"}});
    tell(Command::start, "a");
    tell(Command::start, "b");
    loop.advance(seconds{14});
    EXPECT_EQ(where("b"), "starting/queued");
    loop.advance(seconds{1});
    EXPECT_EQ(where_all({"a", "b"}), (Words{"starting/launching", "starting/launching"}));
    up("b");
    up("a");
    loop.advance(seconds{61});  // jobs that have ended stay for that long
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(Order, AQueuedStartThatVanishesIsOver) {
    engine->limit_starts(1);
    define({{.name = "a"}, {.name = "b"}, {.name = "c"}});
    for (auto const* const vm : {"a", "b", "c"}) {
        tell(Command::start, vm);
    }
    define({{.name = "a"}, {.name = "c"}});
    EXPECT_EQ(where("b"), "gone");
    up("a");
    EXPECT_EQ(where("c"), "starting/launching");
}

// Long random lives: whatever the links and the limit, all come up in the end, and nobody before those that he is
// after.
TEST_F(Order, NobodyIsForgotten) {
    std::mt19937 random{7};
    auto const pick = [&random](std::size_t below) { return random() % below; };
    for (int round = 0; round < 40; ++round) {
        EngineWorld world;
        world.observer.keep_turns = false;
        world.hypervisor.obedient = true;
        std::vector<Wanted> wanted;
        constexpr std::size_t count = 20;
        for (std::size_t i = 0; i < count; ++i) {
            wanted.push_back({.name = "vm" + std::to_string(i), .boot = BootPolicy::yes});
            wanted.back().boot_delay = seconds{pick(4)};
            for (auto links = pick(4); i != 0 && links-- != 0;) {
                wanted.back().after.push_back("vm" + std::to_string(pick(i)));
            }
        }
        auto const sorted = wanted;
        std::shuffle(wanted.begin(), wanted.end(), random);
        world.engine->limit_starts(1 + pick(4));
        world.define(wanted);
        world.loop.advance(seconds{10});
        Words up;
        for (auto const& event : world.observer.of_type(EventType::state)) {
            if (event.state == State::running) {
                up.push_back(event.vm);
            }
        }
        ASSERT_EQ(up.size(), count) << round;
        for (auto const& one : sorted) {
            auto const own = std::ranges::find(up, one.name);
            for (auto const& before : one.after) {
                EXPECT_LT(std::ranges::find(up, before) - up.begin(), own - up.begin()) << round << " " << one.name;
            }
        }
        ASSERT_EQ(world.faults(), Words{});
    }
}

// What it costs: each link is looked at a few times, however many VMs there are.
TEST(StartOrder, TenThousandCostTenThousandTimesWhatOneCosts) {
    class Named : public Vm {
    public:
        explicit Named(std::string name) : name_{std::move(name)} {}
        [[nodiscard]] auto name() const -> std::string const& override { return name_; }
        [[nodiscard]] auto id() const -> unsigned override { return 0; }
        [[nodiscard]] auto status() const -> VmStatus const& override { return status_; }
        [[nodiscard]] auto definition() const -> DefinitionPtr override { return nullptr; }
        [[nodiscard]] auto audience() const -> Audience const& override { return audience_; }

    private:
        std::string name_;
        VmStatus status_;
        Audience audience_;
    };
    constexpr std::size_t count = 10'000;
    FakeLoop loop;
    StartOrder order{loop, 16, seconds{15}};
    std::vector<std::unique_ptr<Named>> vms;
    std::vector<StartOrder::Seat*> seats;
    StartOrder::After after;
    std::vector<std::size_t> turns;  // that were told
    for (std::size_t i = 0; i < count; ++i) {
        vms.push_back(std::make_unique<Named>("vm" + std::to_string(i)));
        seats.push_back(order.take_seat(*vms.back(), [&turns, i](Input input, std::uint64_t ticket) {
            if (input == Input::admitted) {
                EXPECT_EQ(ticket, i + 1);
                turns.push_back(i);
            }
        }));
        // All after the first one, and each after the one before: a hub and a chain.
        after.emplace_back(vms[i]->name(), i == 0 ? Words{} : Words{"vm0", "vm" + std::to_string(i - 1)});
    }
    order.arrange(after);
    using Wait = StartOrder::Standing::Wait;
    for (std::size_t i = 0; i < count; ++i) {
        order.note(*seats[i],
                   {.coming = true, .starting = i == 0, .wait = i == 0 ? Wait::no : Wait::for_others, .ticket = i + 1});
    }
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(turns.size(), i);
        order.note(*seats[i], {.coming = true, .starting = true, .wait = Wait::no, .ticket = i + 1});
        order.note(*seats[i], {});
    }
    EXPECT_EQ(turns.size(), count - 1);
    EXPECT_LT(order.looked_at(), 12 * count);
}

}  // namespace
}  // namespace apiary::test
