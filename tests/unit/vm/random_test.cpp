// Long random lives of three VMs: whatever is commanded and whatever happens, in whatever order, the promises hold.
// The seeds are fixed, so a failure can be looked at again: --gtest_filter=Random.* names the seed.
#include <random>

#include "engine_fixture.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;
using Words = std::vector<std::string>;

class Life {
public:
    explicit Life(unsigned seed) : random_{seed} {
        world.observer.keep_turns = false;
        world.engine->limit_starts(1 + pick(3));
        world.define(definitions());
    }

    void act() {
        switch (pick(21)) {
            case 0:
            case 1:
            case 2:
            case 3:
                command();
                break;
            case 4:
                cancel();
                break;
            case 5:
                reload();
                break;
            case 6:
            case 7:
                change_steps();
                break;
            case 8:
            case 9:
            case 10:
                answer_step();
                break;
            case 11:
                console();
                break;
            case 12:
                change_hypervisor();
                break;
            case 13:
                world.loop.advance(milliseconds{pick(40'000)});
                break;
            case 14:
                static_cast<void>(world.engine->stop_all({"a", "b", "c"}, pick(3) == 0, 1000));
                break;
            default:
                happen();
                break;
        }
        // Often several things come together in one turn.
        if (pick(3) != 0) {
            world.loop.run_ready();
        }
    }

    void end() {
        world.hypervisor.obedient = false;
        world.define(definitions());
        world.come_to_rest();
        for (auto const& answer : answers_) {
            EXPECT_TRUE(answer->came());
        }
        EXPECT_EQ(consoles_asked_, consoles_answered_);
    }

    EngineWorld world;

private:
    auto pick(unsigned below) -> unsigned { return static_cast<unsigned>(random_() % below); }
    auto name() -> std::string { return std::string(1, static_cast<char>('a' + pick(3))); }

    auto definitions() -> std::vector<Wanted> {
        std::vector<Wanted> all;
        static constexpr BootPolicy policies[] = {BootPolicy::no, BootPolicy::no, BootPolicy::yes, BootPolicy::oneshot,
                                                  BootPolicy::always};
        for (auto const* const vm : {"a", "b", "c"}) {
            all.push_back({.name = vm,
                           .boot = policies[pick(5)],
                           .boot_delay = seconds{pick(3)},
                           .stop_timeout = seconds{pick(3) * 10},
                           .loader_timeout = seconds{pick(2) * 15},
                           .memory = pick(2) == 0 ? "64M" : "128M",
                           .reboot_on_change = pick(2) == 0});
            for (auto links = pick(3); links-- != 0;) {  // circles too, which the reader would refuse
                all.back().after.push_back(name());
            }
        }
        return all;
    }

    void command() {
        static constexpr Command commands[] = {Command::start, Command::start,    Command::start,
                                               Command::stop,  Command::poweroff, Command::reset,
                                               Command::pause, Command::resume,   Command::fail_reset};
        answers_.push_back(world.send(commands[pick(9)], name(), pick(4) == 0));
    }

    void cancel() {
        auto const vm = world.engine->find(name());
        world.engine->cancel(vm ? vm->status().job : 0, 0, [](Outcome<std::monostate> const&) {});
    }

    void reload() {
        auto wanted = definitions();
        if (pick(2) == 0) {
            wanted.erase(wanted.begin() + pick(3));
        }
        std::vector<DefinitionPtr> made;
        for (auto const& one : wanted) {
            made.push_back(make(one));
        }
        world.engine->apply(std::move(made));
    }

    void change_steps() {
        static constexpr A answers[] = {A::ok, A::ok, A::ok, A::silent, A::failed, A::veto, A::throws};
        auto& step = *world.steps()[pick(3)];
        step.prestart_answer = answers[pick(7)];
        step.undo_answer = answers[pick(7)];
        step.undo_failures = static_cast<int>(pick(3));
    }

    void answer_step() {
        static constexpr StepResult::Kind kinds[] = {StepResult::Kind::ok, StepResult::Kind::ok, StepResult::Kind::veto,
                                                     StepResult::Kind::failed};
        auto& step = *world.steps()[pick(3)];
        StepResult const result{.kind = kinds[pick(4)], .text = "so", .contributions = {}};
        static_cast<void>(pick(2) == 0 ? step.answer(result) : step.answer_newest(result));
    }

    void console() {
        ++consoles_asked_;
        world.engine->open_console(name(), ConsoleMode::read, pick(2) == 0, 0,
                                   [this](Outcome<std::shared_ptr<UniqueFd>> const&) { ++consoles_answered_; });
    }

    void change_hypervisor() {
        world.hypervisor.obedient = pick(2) == 0;
        world.hypervisor.loader = pick(3) == 0;
        world.hypervisor.obeys_kill = pick(3) != 0;
        world.hypervisor.launches = pick(8) != 0;
    }

    void happen() {
        auto& all = world.hypervisor.processes;
        if (all.empty()) {
            return;
        }
        auto const recent = std::min<std::size_t>(all.size(), 3);
        auto& process = *all[all.size() - 1 - pick(static_cast<unsigned>(recent))];
        if (!process.alive) {
            return;
        }
        static constexpr Reason reasons[] = {Reason::guest_poweroff, Reason::guest_reboot, Reason::guest_reboot,
                                             Reason::guest_panic,    Reason::killed,       Reason::none};
        auto const reason = reasons[pick(6)];
        switch (pick(12)) {
            case 0:
                process.exited(reason);
                break;
            case 1:
                process.ended(reason);
                break;
            case 2:
                process.exec_failed("no");
                break;
            case 3:
                process.reset(reason);
                break;
            case 4:
                process.paused();
                break;
            case 5:
                process.resumed();
                break;
            case 6:
                process.loaded();
                break;
            case 7:
                process.refuse(process.last_request(), "no");
                break;
            case 8:
                for (auto const& done : std::exchange(process.consoles, {})) {
                    done(pick(2) == 0 ? ConsoleResult::attached : ConsoleResult::busy);
                }
                break;
            default:
                process.up();
                break;
        }
    }

    std::mt19937 random_;
    std::vector<AnswerPtr> answers_;
    int consoles_asked_ = 0, consoles_answered_ = 0;
};

class Random : public ::testing::TestWithParam<unsigned> {};

TEST_P(Random, KeepsItsPromises) {
    constexpr unsigned lives = 100, acts = 40;
    for (unsigned i = 0; i < lives; ++i) {
        auto const seed = GetParam() * lives + i;
        Life life{seed};
        for (unsigned act = 0; act < acts; ++act) {
            life.act();
            if (auto const faults = life.world.faults(); !faults.empty()) {
                FAIL() << "seed " << seed << ", act " << act << ": " << faults.front();
            }
        }
        life.end();
        ASSERT_EQ(life.world.faults_at_rest(), Words{}) << "seed " << seed;
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Random, ::testing::Range(0U, 20U));

}  // namespace
}  // namespace apiary::test
