// Every place that a VM can be in x everything that can happen to it there, against a list of what must
// follow (expected_matrix.cpp). And from everywhere the VM can be brought to rest, with all that was begun undone.
#include <algorithm>
#include <sstream>

#include "expected_matrix.hpp"
#include "places.hpp"

namespace apiary::test {
namespace {

auto const actions =
    std::vector<std::string>{"start",  "stop", "poweroff",    "reset", "pause",   "resume", "failreset", "give-up",
                             "cancel", "exit", "reboot-exit", "veto",  "timeout", "reload", "vanish"};

auto command_named(std::string_view action) -> std::optional<Command> {
    for (auto const command : {Command::start, Command::stop, Command::poweroff, Command::reset, Command::pause,
                               Command::resume, Command::fail_reset}) {
        if (to_string(command) == action) {
            return command;
        }
    }
    return action == "give-up" ? std::optional{Command::fail_reset} : std::nullopt;
}

auto kind_word(Refusal::Kind kind) -> std::string {
    switch (kind) {
        case Refusal::Kind::invalid_state:
            return "invalid-state";
        case Refusal::Kind::undo_pending:
            return "undo-pending";
        case Refusal::Kind::not_cancelable:
            return "not-cancelable";
        case Refusal::Kind::no_such_job:
            return "no-such-job";
        default:
            return "another refusal";
    }
}

// One line: place, action | place after, target, reason | what became of the command | of the job that was under way |
// what was asked of hypervisor and steps.
class Scene {
public:
    explicit Scene(Place const& from) : from_{from} {
        world.observer.keep_turns = false;
        from.enter(world);
    }

    auto act(std::string const& action) -> std::string {
        world.observer.events.clear();
        auto const job_before = job();
        world.asked.clear();
        auto outcome = perform(action);
        world.loop.run_ready();
        std::ostringstream line;
        line << from_.name << ' ' << action << " | " << world.where() << ' ';
        if (world.engine->find("vm")) {
            auto const& now = world.status();
            line << to_string(now.target) << ' ' << (now.reason == Reason::none ? "-" : to_string(now.reason));
        } else {
            line << "- -";
        }
        line << " | " << (outcome ? outcome() : "-") << " | " << before(job_before) << " |";
        for (auto const& one : world.asked) {
            line << ' ' << one;
        }
        return line.str();
    }

    EngineWorld world;

private:
    using Outcome = std::function<std::string()>;

    auto perform(std::string const& action) -> Outcome {
        if (auto const command = command_named(action)) {
            auto const answer = world.tell(*command, "vm", action == "give-up");
            return [this, answer] {
                return answer->refusal() != nullptr ? kind_word(answer->refusal()->kind) : world.result(answer);
            };
        }
        if (action == "cancel") {
            auto const answer = world.cancel(job());
            return [answer] {
                auto const* const refusal = std::get_if<Refusal>(&answer->value());
                return refusal != nullptr ? kind_word(refusal->kind) : std::string{"taken"};
            };
        }
        if (action == "exit" || action == "reboot-exit") {
            auto const reason = action == "exit" ? Reason::guest_panic : Reason::guest_reboot;
            for (auto const& process : world.hypervisor.processes) {
                process->exited(reason);
            }
            for (auto const& process : world.supervisor.found) {
                process->exit({.known = true, .value = 0});
            }
        } else if (action == "veto") {
            for (auto* const step : world.steps()) {
                step->answer({.kind = StepResult::Kind::veto, .text = "not today", .contributions = {}});
            }
        } else if (action == "timeout") {
            world.loop.advance(from_.timeout);
        } else if (action == "reload") {
            world.define({{.name = "vm", .memory = "128M"}});
        } else if (action == "vanish") {
            world.define({});
        }
        return nullptr;
    }

    [[nodiscard]] auto job() const -> std::uint64_t { return world.engine->find("vm") ? world.status().job : 0; }

    auto before(std::uint64_t id) -> std::string {
        if (id == 0) {
            return "-";
        }
        auto const it = world.observer.ended_jobs.find(id);
        return it == world.observer.ended_jobs.end() ? "running" : std::string{to_string(it->second.result)};
    }

    Place const& from_;
};

auto expected_lines() -> std::vector<std::string> {
    std::vector<std::string> lines;
    std::istringstream text{std::string{expected_matrix}};
    for (std::string line; std::getline(text, line);) {
        if (!line.empty() && line.front() != '#') {
            lines.push_back(line);
        }
    }
    return lines;
}

class Matrix : public ::testing::TestWithParam<Place> {};

TEST_P(Matrix, EveryActionHasItsOutcome) {
    auto const lines = expected_lines();
    for (auto const& action : actions) {
        Scene scene{GetParam()};
        ASSERT_EQ(scene.world.where(), GetParam().name);
        auto const line = scene.act(action);
        auto const key = GetParam().name + " " + action + " |";
        auto const wanted =
            std::find_if(lines.begin(), lines.end(), [&key](std::string const& one) { return one.starts_with(key); });
        EXPECT_EQ(line, wanted == lines.end() ? "(nothing is expected: add a line to expected_matrix.cpp)" : *wanted);
        EXPECT_EQ(scene.world.faults(), std::vector<std::string>{}) << line;
    }
}

TEST_P(Matrix, FromEverywhereItComesToRest) {
    for (auto const& action : actions) {
        Scene scene{GetParam()};
        static_cast<void>(scene.act(action));
        scene.world.come_to_rest();
        EXPECT_EQ(scene.world.faults_at_rest(), std::vector<std::string>{}) << action;
    }
}

// One further action after each first one: nothing hangs, nothing is told wrongly, and rest can be reached.
TEST_P(Matrix, TwoActionsInARowComeToRest) {
    for (auto const& first : actions) {
        for (auto const& second : actions) {
            Scene scene{GetParam()};
            static_cast<void>(scene.act(first));
            static_cast<void>(scene.act(second));
            scene.world.come_to_rest();
            EXPECT_EQ(scene.world.faults_at_rest(), std::vector<std::string>{}) << first << ", " << second;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Places, Matrix, ::testing::ValuesIn(places()),
                         [](auto const& instance) { return test_name(instance.param); });

// A line for what does not exist would hide that nothing checks it.
TEST(MatrixLines, EachNamesAPlaceAndAnAction) {
    std::vector<std::string> keys;
    for (auto const& place : places()) {
        for (auto const& action : actions) {
            keys.push_back(place.name + " " + action + " |");
        }
    }
    auto const lines = expected_lines();
    EXPECT_EQ(lines.size(), keys.size());
    for (auto const& line : lines) {
        EXPECT_TRUE(std::any_of(keys.begin(), keys.end(), [&line](auto const& key) { return line.starts_with(key); }))
            << line;
    }
}

}  // namespace
}  // namespace apiary::test
