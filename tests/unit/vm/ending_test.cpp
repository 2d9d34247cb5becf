// The end of the daemon: all VMs are stopped, nothing starts, and nobody can hold it up.
#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class Ending : public EngineFixture {
protected:
    void shut_down() {
        engine->shut_down([this] { ++done; });
        loop.run_ready();
    }
    int done = 0;
};

TEST_F(Ending, WithNothingRunning) {
    define({{.name = "vm"}});
    shut_down();
    EXPECT_EQ(done, 1);
}

TEST_F(Ending, EachByItsOwnStopTimeout) {
    define({{.name = "a", .stop_timeout = seconds{10}}, {.name = "b", .stop_timeout = seconds{20}}, {.name = "c"}});
    start("a");
    start("b");
    shut_down();
    EXPECT_EQ(where("a"), "stopping/acpi");
    EXPECT_EQ(where("b"), "stopping/acpi");
    EXPECT_EQ(where("c"), "stopped");
    EXPECT_EQ(status("a").reason, Reason::host_shutdown);
    loop.advance(seconds{15});  // stop_timeout, quit, kill
    EXPECT_EQ(where("a"), "stopped");
    EXPECT_EQ(done, 0);
    loop.advance(seconds{10});
    EXPECT_EQ(where("b"), "stopped");
    EXPECT_EQ(done, 1);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Ending, ASecondCallPowersOff) {
    define({{.name = "a"}, {.name = "b"}});
    start("a");
    start("b");
    shut_down();
    for (auto const& process : hypervisor.processes) {
        EXPECT_EQ(process->count("quit"), 0U);
    }
    shut_down();
    for (auto const& process : hypervisor.processes) {
        EXPECT_EQ(process->count("quit"), 1U);
        process->exited(Reason::requested);
    }
    loop.run_ready();
    EXPECT_EQ(done, 2);
}

TEST_F(Ending, AStartUnderWayIsBackedOut) {
    define({{.name = "vm"}});
    storage.prestart_answer = A::silent;
    auto const answer = tell(Command::start, "vm");
    shut_down();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(result(answer), "superseded");
    EXPECT_EQ(done, 1);
    EXPECT_EQ(faults_at_rest(), Words{});
}

TEST_F(Ending, NothingStartsAnyMore) {
    define({{.name = "vm"}, {.name = "late", .boot = BootPolicy::yes, .boot_delay = seconds{5}}});
    auto const behind = send(Command::start, "vm");  // not yet handled
    shut_down();
    ASSERT_NE(behind->refusal(), nullptr);
    EXPECT_EQ(behind->refusal()->kind, Refusal::Kind::shutting_down);
    EXPECT_EQ(tell(Command::start, "vm")->refusal()->kind, Refusal::Kind::shutting_down);
    define({{.name = "vm"}, {.name = "new", .boot = BootPolicy::yes}});
    loop.advance(minutes{1});
    EXPECT_TRUE(asked.empty());
    EXPECT_EQ(done, 1);
}

TEST_F(Ending, NobodyCancelsItsStops) {
    define({{.name = "vm"}});
    start();
    auto const stop = tell(Command::stop, "vm");
    shut_down();
    EXPECT_EQ(std::get<Refusal>(cancel(stop->job())->value()).kind, Refusal::Kind::shutting_down);
    EXPECT_EQ(where(), "stopping/acpi");
}

TEST_F(Ending, AGuestThatRebootsInsteadIsEnded) {
    define({{.name = "vm"}});
    start();
    shut_down();
    hypervisor.last().exited(Reason::guest_reboot);
    loop.run_ready();
    EXPECT_EQ(where(), "stopped");
    EXPECT_EQ(hypervisor.processes.size(), 1U);
    EXPECT_EQ(done, 1);
}

TEST_F(Ending, APendingUndoDoesNotHoldItUp) {
    define({{.name = "vm"}});
    start();
    storage.undo_answer = A::failed;
    shut_down();
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(where(), "failed/undo-pending");
    EXPECT_EQ(done, 1);
}

TEST_F(Ending, AnObserverMayAskForIt) {
    class Asks : public Observer {
    public:
        Asks(EngineWorld& world, int& done) : world_{world}, done_{done} {}
        void on_turn(Turn const&) override {
            if (!std::exchange(asked_, true)) {
                world_.engine->shut_down([this] { ++done_; });
            }
        }

    private:
        EngineWorld& world_;
        int& done_;
        bool asked_ = false;
    } asks{*this, done};
    engine->add_observer(asks);
    define({{.name = "vm"}});
    EXPECT_EQ(done, 1);
    engine.reset();
}

}  // namespace
}  // namespace apiary::test
