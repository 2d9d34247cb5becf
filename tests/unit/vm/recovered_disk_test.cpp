// The disk is full, nobody has noticed, and the daemon dies: what the next one finds was never more than is written
// down.
#include "recovered_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class RecoveredDisk : public Recovered {
protected:
    void fill_up_while_it_waits_for(ScriptedStep& step) {
        settle();
        step.silent_for = {"vm"};
        tell(Command::start);
        world.store.works = false;
        step.silent_for.clear();
    }
    void die_and_make_room() {
        world.observer.begin_anew();
        world.die();
        world.store.works = true;
        settle();
    }
    auto end_of_all() -> Words {
        world.send(Command::poweroff);
        settle();
        if (auto* const process = world.process()) {
            process->exited(Reason::requested);
        }
        settle();
        return world.faults_at_rest();
    }
};

TEST_F(RecoveredDisk, AStartThatNobodyKnowsOfHasBegunNothing) {
    settle();
    world.store.works = false;
    tell(Command::start);
    EXPECT_TRUE(world.asked.empty());
    die_and_make_room();
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(world.hypervisor.alive(), 0U);
    for (auto const* const step : world.steps()) {
        EXPECT_TRUE(step->begun.empty());
    }
}

TEST_F(RecoveredDisk, AStepThatNobodyKnowsOfIsNotBegun) {
    fill_up_while_it_waits_for(world.network);
    world.network.undo_answer = ScriptedStep::Answer::silent;
    world.network.answer({});
    settle();
    EXPECT_EQ(world.where(), "stopping/poststop");
    EXPECT_EQ(world.storage.count("prestart"), 0U);
    world.network.undo_answer = ScriptedStep::Answer::ok;
    die_and_make_room();
    EXPECT_EQ(world.where(), "starting/launching");  // begun anew by its record
    EXPECT_EQ(world.storage.begun.size(), 1U);
    EXPECT_EQ(world.hypervisor.alive(), 1U);
    EXPECT_EQ(end_of_all(), Words{});
}

// Its record says prestart: all of its steps would be undone while it runs, and it would be launched once more.
TEST_F(RecoveredDisk, AGuestThatNobodyKnowsOfIsNotLaunched) {
    fill_up_while_it_waits_for(world.hook);
    world.hook.answer({});
    settle();
    EXPECT_TRUE(world.hypervisor.processes.empty());
    EXPECT_EQ(world.where(), "failed");
    die_and_make_room();
    EXPECT_EQ(world.hypervisor.processes.size(), 1U);
    EXPECT_EQ(end_of_all(), Words{});
}

TEST_F(RecoveredDisk, AnEndThatIsNotWrittenDownCanBeReadByTheNext) {
    start();
    world.hook.undo_answer = ScriptedStep::Answer::silent;
    world.store.works = false;
    world.process()->exited(Reason::guest_poweroff);
    settle();
    EXPECT_EQ(world.where(), "stopping/poststop");
    world.hook.undo_answer = ScriptedStep::Answer::ok;
    die_and_make_room();
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(status().reason, Reason::guest_poweroff);
    EXPECT_TRUE(world.hypervisor.last().forgotten);
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

}  // namespace
}  // namespace apiary::test
