// The daemon dies at every point of scripted lives, once and twice, and another goes on: each life ends as it would
// have, what was begun is undone, there is never a second hypervisor, and each event is told once.
#include "mortal_world.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;
using Part = MortalWorld::Part;

auto until(std::string place, std::function<void(MortalWorld&)> act = {}) -> Part {
    return {place, act ? std::move(act) : [](MortalWorld&) {},
            [place](MortalWorld& world) { return world.where() == place; }};
}

auto asks(Command what, std::string place) -> Part {
    return until(std::move(place), [what](MortalWorld& world) { world.send(what); });
}

// Something that happens once, outside of the daemon.
auto happens(std::string name, std::function<void(MortalWorld&)> what) -> Part {
    return {name,
            [what = std::move(what), name](MortalWorld& world) {
                what(world);
                world.happened.insert(name);
            },
            [name](MortalWorld& world) { return world.happened.contains(name); }};
}

auto second_launch() -> Part {
    return {"second launch", [](MortalWorld&) {},
            [](MortalWorld& world) {
                return world.where() == "running" && world.process() != nullptr && world.process()->request.launch >= 2;
            }};
}

struct Deaths {
    std::string name;
    std::function<void(MortalWorld&)> prepare;
    std::vector<Part> parts;
    bool loader = false;
    Wanted wanted = {.name = "vm"};
    std::vector<Wanted> others = {};
};

auto started() -> Part {
    return asks(Command::start, "running");
}
auto stopped() -> Part {
    return asks(Command::stop, "stopped");
}

auto lives() -> std::vector<Deaths> {
    std::vector<Deaths> all;
    all.push_back({"StartAndStop", {}, {started(), stopped()}});
    all.push_back({"Loader", {}, {started(), asks(Command::poweroff, "stopped")}, true});
    all.push_back({"BootPolicy", {}, {until("running"), stopped()}, false, {.name = "vm", .boot = BootPolicy::yes}});
    all.push_back(
        {"RebootByAnotherProcess",
         {},
         {started(), happens("it reboots", [](MortalWorld& world) { world.process()->exited(Reason::guest_reboot); }),
          second_launch(), stopped()}});
    all.push_back({"RebootInside",
                   {},
                   {started(), happens("it resets", [](MortalWorld& world) { world.process()->reset(); }),
                    until("running"), stopped()}});
    all.push_back({"Crash",
                   {},
                   {started(), happens("it dies", [](MortalWorld& world) { world.process()->exited(Reason::killed); }),
                    until("failed"), started(), stopped()}});
    all.push_back({"RestartOfItself",
                   {},
                   {until("running"),
                    happens("it dies", [](MortalWorld& world) { world.process()->exited(Reason::killed); }),
                    {"again", [](MortalWorld&) {},
                     [](MortalWorld& world) {
                         return world.where() == "running" && world.engine->find("vm")->status().incarnation >= 2 &&
                                world.process() != nullptr;
                     }},
                    stopped()},
                   false,
                   {.name = "vm", .boot = BootPolicy::always}});
    all.push_back(
        {"PowerOffByTheGuest",
         {},
         {started(), happens("it ends", [](MortalWorld& world) { world.process()->ended(Reason::guest_poweroff); }),
          until("stopped")}});
    all.push_back({"PauseAndStop", {}, {started(), asks(Command::pause, "paused"), stopped()}});
    all.push_back({"PauseAndResume",
                   {},
                   {started(), asks(Command::pause, "paused"), asks(Command::resume, "running"), stopped()}});
    all.push_back({"FailedStep",
                   [](MortalWorld& world) { world.storage.prestart_answer = A::failed; },
                   {{"failed",
                     [](MortalWorld& world) {
                         if (world.where() == "stopped") {
                             world.send(Command::start);
                         }
                     },
                     [](MortalWorld& world) { return world.where() == "failed"; }},
                    happens("mended", [](MortalWorld& world) { world.storage.prestart_answer = A::ok; }),
                    started(),
                    stopped()}});
    all.push_back({"Veto",
                   [](MortalWorld& world) { world.hook.prestart_answer = A::veto; },
                   {{"vetoed", [](MortalWorld& world) { world.send(Command::start); },
                     [](MortalWorld& world) {
                         return world.where() == "stopped" && world.engine->find("vm")->status().reason == Reason::veto;
                     }}}});
    all.push_back({"UndoFails",
                   {},
                   {started(),
                    happens("undo fails", [](MortalWorld& world) { world.storage.undo_failures = 3; }),
                    {"down",
                     [](MortalWorld& world) {
                         if (world.where() == "running") {
                             world.send(Command::poweroff);
                         }
                     },
                     [](MortalWorld& world) {
                         return world.storage.undo_failures == 0 &&
                                (world.where() == "failed" || world.where() == "stopped");
                     }}}});
    // vm waits for db, and both for their turn. Only the last of the hypervisors answers: the other one is ended.
    auto const both = [](Command what, std::string place) {
        return Part{place + " both",
                    [what](MortalWorld& world) {
                        world.send(what, "db");
                        world.send(what);
                    },
                    [place](MortalWorld& world) { return world.where() == place && world.where("db") == place; }};
    };
    all.push_back({"OneBehindTheOther",
                   [](MortalWorld& world) { world.engine->limit_starts(world.most_starting = 1); },
                   {both(Command::start, "running"), both(Command::stop, "stopped")},
                   false,
                   {.name = "vm", .stop_timeout = seconds{3}, .after = {"db"}},
                   {{.name = "db", .stop_timeout = seconds{3}}, {.name = "third", .boot = BootPolicy::no}}});
    return all;
}

class Recovery : public ::testing::TestWithParam<Deaths> {
protected:
    // Gives the number of points that were passed.
    static auto run(std::set<std::size_t> kills) -> std::size_t {
        auto const& life = GetParam();
        std::vector<Wanted> wanted_vms{life.wanted};
        wanted_vms.insert(wanted_vms.end(), life.others.begin(), life.others.end());
        MortalWorld world{wanted_vms};
        world.hypervisor.loader = life.loader;
        if (life.prepare) {
            life.prepare(world);
        }
        auto const wanted = kills;
        world.kills = std::move(kills);
        for (auto const& part : life.parts) {
            if (!world.live(part)) {
                ADD_FAILURE() << "it never came to: " << part.name << ", but is " << world.where() << "; killed at "
                              << ::testing::PrintToString(wanted) << '\n'
                              << ::testing::PrintToString(world.observer.story("vm"));
                return 0;
            }
        }
        auto const points = world.points;
        auto const faults = world.faults_at_rest();
        EXPECT_EQ(faults, Words{}) << "killed at " << ::testing::PrintToString(wanted) << '\n'
                                   << ::testing::PrintToString(world.observer.story("vm"));
        return points;
    }
};

TEST_P(Recovery, DiesAtEachPoint) {
    auto const all = run({});
    ASSERT_GT(all, 20U);
    for (std::size_t point = 1; point <= all && !HasFailure(); ++point) {
        run({point});
    }
}

// Each pair takes a life of its own: with the sanitizers, which make one six times as long, not so many.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t stride = 9;
#elif defined(__has_feature)
constexpr std::size_t stride = __has_feature(address_sanitizer) ? 9 : 2;
#else
constexpr std::size_t stride = 2;
#endif

TEST_P(Recovery, DiesTwice) {
    auto const all = run({});
    for (std::size_t first = 1; first <= all && !HasFailure(); first += stride) {
        for (std::size_t const second : {1U, 2U, 3U, 5U, 8U, 13U}) {
            run({first, first + second});
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Lives, Recovery, ::testing::ValuesIn(lives()),
                         [](auto const& instance) { return instance.param.name; });

}  // namespace
}  // namespace apiary::test
