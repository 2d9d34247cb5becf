// An engine that can die at any point: before each callback of the loop, before and after each commit. What is outside
// of the daemon (hypervisors, what steps did to the host, what was committed, whoever watches) lives on, and another
// engine goes on from there.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine_fixture.hpp"
#include "surviving_store.hpp"

namespace apiary::test {

struct MortalWorld {
    explicit MortalWorld(std::vector<Wanted> definitions);
    ~MortalWorld();
    MortalWorld(MortalWorld const&) = delete;
    auto operator=(MortalWorld const&) -> MortalWorld& = delete;

    struct Killed {};
    std::set<std::size_t> kills;  // the numbers of the points at which it dies
    std::size_t points = 0;       // that were passed so far
    std::size_t deaths = 0;
    std::size_t most_starting = 10'000;  // of the next engine
    std::set<std::string> happened;      // what a test caused outside of the daemon

    FakeLoop loop;
    SurvivingStore store;
    Identities identities;
    ScriptedHypervisor hypervisor{loop};
    ScriptedStep network{loop, "network"}, storage{loop, "storage"}, hook{loop, "hook"};
    FakeSupervisor supervisor{loop};
    RecordingObserver observer{store};
    std::vector<Wanted> definitions;
    std::vector<std::string> asked;
    std::unique_ptr<EngineCore> engine;

    // One part of a life: `act` is called whenever nothing happens any more, until `done`. It must bear being repeated,
    // as what it asked for may have been lost with the daemon.
    struct Part {
        std::string name;
        std::function<void(MortalWorld&)> act;
        std::function<bool(MortalWorld&)> done;
    };
    // False: it never was.
    [[nodiscard]] auto live(Part const& part) -> bool;

    void send(Command what, std::string_view vm = "vm");
    void die();  // and rise again
    [[nodiscard]] auto where(std::string_view vm = "vm") const -> std::string;
    [[nodiscard]] auto process() -> Process*;  // the last one, if it lives
    [[nodiscard]] auto steps() -> std::vector<ScriptedStep*> { return {&network, &storage, &hook}; }
    // A hypervisor that answers when nothing else happens. True: it had something to say.
    auto respond() -> bool;

    [[nodiscard]] auto faults() -> std::vector<std::string>;
    // When all VMs are at rest.
    [[nodiscard]] auto faults_at_rest() -> std::vector<std::string>;

private:
    void rise();
    void point();
    std::map<Process const*, std::size_t> answered_;  // of its calls
};

}  // namespace apiary::test
