// Stops of many VMs: those that are after others first.
#include "engine_fixture.hpp"
#include "recovered_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class StopOrder : public EngineFixture {
protected:
    void three() {  // web after app after db; mail alone
        define({{.name = "app", .after = {"db"}}, {.name = "db"}, {.name = "mail"}, {.name = "web", .after = {"app"}}});
        for (auto const* const vm : {"db", "app", "mail", "web"}) {
            start(vm);
        }
    }
    auto process(std::string_view vm) -> Process& {
        for (auto const& one : hypervisor.processes) {
            if (one->request.definition->name == vm && one->alive) {
                return *one;
            }
        }
        throw std::out_of_range{std::string{vm}};
    }
    void ends(std::string_view vm) {
        process(vm).exited(Reason::guest_poweroff);
        loop.run_ready();
    }
    auto where_all() -> Words {
        Words places;
        for (auto const& vm : engine->list({}, 100)) {
            places.push_back(vm->name() + " " + where(vm->name()));
        }
        return places;
    }
    auto stop_all(Words const& vms, bool force = false) -> Words {
        auto const outcome = engine->stop_all(vms, force, 1000);
        loop.run_ready();
        Words told;
        if (auto const* const stops = std::get_if<std::vector<Engine::Stopping>>(&outcome)) {
            for (auto const& stop : *stops) {
                told.push_back(stop.name);
                for (auto const& behind : stop.behind) {
                    told.back() += " <" + behind;
                }
            }
        } else {
            told.emplace_back("refused");
        }
        return told;
    }
    void shut_down() {
        engine->shut_down([this] { ++done; });
        loop.run_ready();
    }
    int done = 0;
};

TEST_F(StopOrder, OfTheDaemon) {
    three();
    shut_down();
    EXPECT_EQ(where_all(), (Words{"app running", "db running", "mail stopping/acpi", "web stopping/acpi"}));
    ends("web");
    EXPECT_EQ(where_all(), (Words{"app stopping/acpi", "db running", "mail stopping/acpi", "web stopped"}));
    loop.advance(seconds{35});  // app does not obey: each has its own stop_timeout, from when it was told
    EXPECT_EQ(where_all(), (Words{"app stopped", "db stopping/acpi", "mail stopped", "web stopped"}));
    EXPECT_EQ(done, 0);
    ends("db");
    EXPECT_EQ(done, 1);
    EXPECT_EQ(status("db").reason, Reason::host_shutdown);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(StopOrder, ASecondCallWaitsForNobody) {
    three();
    shut_down();
    shut_down();
    EXPECT_EQ(where_all(),
              (Words{"app stopping/killing", "db stopping/killing", "mail stopping/killing", "web stopping/killing"}));
    // Those that are after others are told first, all the same.
    Words told;
    for (auto const& event : observer.of_type(EventType::state)) {
        if (event.sub_state == SubState::killing && event.vm != "mail") {
            told.push_back(event.vm);
        }
    }
    EXPECT_EQ(told, (Words{"web", "app", "db"}));
    for (auto const* const vm : {"db", "app", "web", "mail"}) {
        ends(vm);
    }
    EXPECT_EQ(done, 2);
}

TEST_F(StopOrder, WhoWaitsForItsTurnToStartIsCalledOffAtOnce) {
    define({{.name = "db"}, {.name = "app", .after = {"db"}}});
    tell(Command::start, "db");
    auto const answer = tell(Command::start, "app");
    shut_down();
    EXPECT_EQ(where_all(), (Words{"app stopped", "db stopping/killing"}));
    EXPECT_EQ(result(answer), "superseded");
    ends("db");
    EXPECT_EQ(done, 1);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(StopOrder, AGuestThatEndsByItselfMeanwhileIsNotTold) {
    three();
    shut_down();
    auto& app = process("app");
    ends("app");
    ends("web");
    EXPECT_EQ(app.count("press"), 0U);
    EXPECT_EQ(where("db"), "stopping/acpi");
    ends("db");
    ends("mail");
    EXPECT_EQ(done, 1);
}

TEST_F(StopOrder, ProgressIsToldAsItChanges) {
    Words told;
    engine =
        std::make_unique<EngineCore>(EngineParts{.loop = loop,
                                                 .journal = journal,
                                                 .supervisor = supervisor,
                                                 .identities = identities,
                                                 .hypervisors = {&hypervisor},
                                                 .steps = {&network, &storage, &hook},
                                                 .run_root = "/run/apiary",
                                                 .report = [&told](std::string const& text) { told.push_back(text); }});
    engine->add_observer(observer);
    three();
    shut_down();
    loop.advance(seconds{10});
    ends("web");
    ends("mail");
    shut_down();
    for (auto const* const vm : {"app", "db"}) {
        ends(vm);
    }
    ASSERT_FALSE(told.empty());
    EXPECT_NE(std::ranges::find(told,
                                "stopping: 0 of 4 VMs are at rest; waiting for mail (acpi, 30 s left), web (acpi, "
                                "30 s left) and 2 more"),
              told.end());
    EXPECT_NE(std::ranges::find(told, "stopping: 2 of 4 VMs are at rest; waiting for app (acpi, 30 s left) and 1 more"),
              told.end());
    EXPECT_NE(std::ranges::find(told, "stopping: 3 of 4 VMs are at rest; waiting for db (killing)"), told.end());
    EXPECT_EQ(std::set<std::string>(told.begin(), told.end()).size(), told.size());  // nothing twice
    auto const before = told.size();
    loop.advance(minutes{5});
    EXPECT_EQ(told.size(), before);
}

TEST_F(StopOrder, OfThoseThatSomebodyNames) {
    three();
    EXPECT_EQ(stop_all({"web", "db", "nobody"}), (Words{"web", "db"}));  // app is not theirs: nobody waits for it
    EXPECT_EQ(where_all(), (Words{"app running", "db stopping/acpi", "mail running", "web stopping/acpi"}));
    EXPECT_EQ(stop_all({"app", "db", "web", "mail"}), (Words{"web", "mail", "app <web", "db <app"}));
    ends("db");
    EXPECT_EQ(where("app"), "running");
    ends("web");
    EXPECT_EQ(where("app"), "stopping/acpi");
    ends("app");
    ends("mail");
    EXPECT_EQ(stop_all({"app", "db", "web", "mail"}), Words{});
    auto const again = tell(Command::start, "db");  // the daemon goes on
    EXPECT_EQ(where("db"), "starting/launching");
    for (auto const& event : observer.of_type(EventType::job_new, "app")) {
        EXPECT_EQ(event.details.at("uid"), "1000");
    }
}

TEST_F(StopOrder, WithForceNobodyWaits) {
    three();
    EXPECT_EQ(stop_all({"app", "db", "web", "mail"}, true).size(), 4U);
    EXPECT_EQ(where_all(),
              (Words{"app stopping/killing", "db stopping/killing", "mail stopping/killing", "web stopping/killing"}));
}

TEST_F(StopOrder, WhoseStopIsCanceledStaysUpWithThoseThatItNeeds) {
    three();
    stop_all({"app", "db", "web", "mail"});
    cancel(status("web").job);
    EXPECT_EQ(where("web"), "running");
    ends("mail");
    loop.advance(minutes{5});
    EXPECT_EQ(where_all(), (Words{"app running", "db running", "mail stopped", "web running"}));
    tell(Command::stop, "web");
    ends("web");
    EXPECT_EQ(where("app"), "running");  // that round is over
}

TEST_F(StopOrder, TakesBackStartsThatAreToCome) {
    define({{.name = "late", .boot = BootPolicy::yes, .boot_delay = minutes{1}}, {.name = "db"}});
    EXPECT_EQ(stop_all({"late", "db"}), Words{});
    loop.advance(minutes{2});
    EXPECT_EQ(where_all(), (Words{"db stopped", "late stopped"}));
}

TEST_F(StopOrder, NotWhileTheDaemonEnds) {
    three();
    shut_down();
    EXPECT_EQ(stop_all({"app"}), Words{"refused"});
}

TEST_F(StopOrder, AndNotWithoutBound) {
    three();
    for (int i = 0; i < 64; ++i) {
        EXPECT_EQ(stop_all({"mail"}), Words{"mail"});
    }
    EXPECT_EQ(stop_all({"mail"}), Words{"refused"});
    ends("mail");
    EXPECT_EQ(stop_all({"web"}), Words{"web"});
}

// -- after the daemon's death

struct OrderRecovered : public ::testing::Test {
    void settle() { world.loop.run_ready(); }
    void tell(Command what, std::string_view vm) {
        world.send(what, vm);
        settle();
    }
    void die() {
        world.die();
        settle();
    }
    void up() {
        world.hypervisor.last().up();
        settle();
    }
    auto jobs(std::string_view vm) -> Words {
        Words told;
        for (auto const& event : world.observer.of_type(EventType::job_end, vm)) {
            told.push_back(event.details.at("command") + " " + event.details.at("result"));
        }
        return told;
    }
    MortalWorld world{{{.name = "db"}, {.name = "web", .after = {"db"}}}};
};

TEST_F(OrderRecovered, TheWaitGoesOnWithItsJob) {
    tell(Command::start, "db");
    tell(Command::start, "web");
    auto const job = world.engine->find("web")->status().job;
    die();
    EXPECT_EQ(world.where("db"), "starting/launching");  // anew
    EXPECT_EQ(world.where("web"), "starting/waiting");
    EXPECT_EQ(world.engine->find("web")->status().job, job);
    up();
    EXPECT_EQ(world.where("web"), "starting/launching");
    up();
    EXPECT_EQ(jobs("web"), Words{"start done"});
    EXPECT_EQ(world.faults(), Words{});
}

TEST_F(OrderRecovered, WhoRunsHoldsUpNobody) {
    tell(Command::start, "db");
    world.hypervisor.last().up();
    tell(Command::start, "db");
    settle();
    EXPECT_EQ(world.where("db"), "running");
    die();
    EXPECT_EQ(world.where("db"), "running");
    tell(Command::start, "web");
    EXPECT_EQ(world.where("web"), "starting/launching");
}

TEST_F(OrderRecovered, TheQueueGoesOnAndWhoWasStartingCounts) {
    world.most_starting = 1;
    die();  // so that it holds
    world.definitions = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    die();
    for (auto const* const vm : {"c", "b", "a"}) {
        tell(Command::start, vm);
    }
    EXPECT_EQ(world.where("c") + " " + world.where("b") + " " + world.where("a"),
              "starting/launching starting/queued starting/queued");
    die();
    EXPECT_EQ(world.where("c") + " " + world.where("b") + " " + world.where("a"),
              "starting/launching starting/queued starting/queued");
    up();
    EXPECT_EQ(world.where("b") + " " + world.where("a"), "starting/launching starting/queued");
    tell(Command::stop, "a");
    EXPECT_EQ(world.where("a"), "stopped");
    EXPECT_EQ(jobs("a"), (Words{"start superseded", "stop done"}));
}

}  // namespace
}  // namespace apiary::test
