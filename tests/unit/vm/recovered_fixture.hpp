// One VM whose daemon dies where a test says so.
#pragma once

#include <string>
#include <vector>

#include "mortal_world.hpp"

namespace apiary::test {

class Recovered : public ::testing::Test {
protected:
    void TearDown() override { EXPECT_EQ(world.faults(), std::vector<std::string>{}); }

    void settle() { world.loop.run_ready(); }
    void tell(Command what) {
        world.send(what);
        settle();
    }
    void start() {
        tell(Command::start);
        world.process()->up();
        settle();
    }
    void die() {
        world.asked.clear();
        world.die();
        settle();
    }
    auto status() -> VmStatus const& { return world.engine->find("vm")->status(); }
    auto ended_jobs() -> std::vector<std::string> {
        std::vector<std::string> told;
        for (auto const& event : world.observer.of_type(EventType::job_end, "vm")) {
            told.push_back(event.details.at("command") + " " + event.details.at("result"));
        }
        return told;
    }

    MortalWorld world{{{.name = "vm"}}};
};

}  // namespace apiary::test
