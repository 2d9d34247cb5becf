// An engine with everything around it scripted: three steps, a hypervisor, a supervisor, a clock.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/ring_journal.hpp"
#include "support/fake_loop.hpp"
#include "support/fake_supervisor.hpp"
#include "support/recording_observer.hpp"
#include "support/scripted_hypervisor.hpp"
#include "support/scripted_step.hpp"
#include "vm/engine_core.hpp"

namespace apiary::test {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A definition that is made word by word.
struct Wanted {
    std::string name;
    BootPolicy boot = BootPolicy::no;
    seconds boot_delay{0};
    seconds stop_timeout{30};
    seconds loader_timeout{15};
    uid_t owner = 1000;
    Visibility visibility = Visibility::owner;
    std::string memory = "64M";  // something to change
    BackendKind backend = BackendKind::qemu;
    unsigned line = 1;
    bool reboot_on_change = false;
    RestartLimit restart_limit = {};
    std::vector<std::string> after{};
};
[[nodiscard]] auto make(Wanted const& wanted) -> DefinitionPtr;

// What became of a command.
struct Answer {
    std::optional<Outcome<std::uint64_t>> outcome;
    [[nodiscard]] auto came() const -> bool { return outcome.has_value(); }
    [[nodiscard]] auto job() const -> std::uint64_t;  // 0: refused, or not answered
    [[nodiscard]] auto refusal() const -> Refusal const*;
};
using AnswerPtr = std::shared_ptr<Answer>;

struct EngineWorld : public Observer {
    EngineWorld();
    EngineWorld(EngineWorld const&) = delete;
    auto operator=(EngineWorld const&) -> EngineWorld& = delete;

    FakeLoop loop;
    store::RingJournal journal{"stream", 100'000};
    Identities identities;
    ScriptedHypervisor hypervisor{loop};
    ScriptedStep network{loop, "network"}, storage{loop, "storage"}, hook{loop, "hook"};
    FakeSupervisor supervisor{loop};
    RecordingObserver observer{journal};
    Wanted common{.name = "vm"};     // what the places define
    std::vector<Wanted> others;      // that are always defined, too
    std::vector<std::string> asked;  // of hypervisor, steps and supervisor, in its order
    std::string why_absent;          // of all plugins
    std::unique_ptr<EngineCore> engine;

    void define(std::vector<Wanted> const& wanted);
    // The commands; run_ready() is up to the caller with `send`, done with `tell`.
    auto send(Command what, std::string_view vm, bool force = false) -> AnswerPtr;
    auto tell(Command what, std::string_view vm, bool force = false) -> AnswerPtr;
    auto cancel(std::uint64_t job) -> std::shared_ptr<std::optional<Outcome<std::monostate>>>;

    [[nodiscard]] auto status(std::string_view vm = "vm") const -> VmStatus const&;
    [[nodiscard]] auto where(std::string_view vm = "vm") const -> std::string;  // "stopping/acpi", or "gone"
    [[nodiscard]] auto result(AnswerPtr const& answer) const -> std::string;    // of its job: "done", …
    [[nodiscard]] auto steps() -> std::vector<ScriptedStep*> { return {&network, &storage, &hook}; }

    void start(std::string_view vm = "vm");  // up to running
    // Everything answers from now on: all VMs come to rest.
    void come_to_rest();
    // What must hold at any time; and when all VMs rest.
    [[nodiscard]] auto faults() const -> std::vector<std::string>;
    [[nodiscard]] auto faults_at_rest() -> std::vector<std::string>;

private:
    void on_turn(Turn const& turn) override;  // an undo that was given up is nothing to wait for
};

class EngineFixture : public ::testing::Test, public EngineWorld {
protected:
    void TearDown() override { EXPECT_EQ(faults(), std::vector<std::string>{}); }
};

}  // namespace apiary::test
