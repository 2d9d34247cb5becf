// Every place that a VM can be in x every kind of change that a reload can bring, against a list of what must follow
// (expected_reloads.cpp). What is told before it is done is what is done.
#include <algorithm>
#include <optional>
#include <sstream>

#include "expected_reloads.hpp"
#include "places.hpp"

namespace apiary::test {
namespace {

using Read = std::optional<Wanted>;  // none: it is not there

struct Change {
    std::string name;
    Wanted before;
    std::vector<Read> reads;  // all but the last are only the way there
};

// Words of what differs from a VM named vm.
auto vm_with(std::string const& words) -> Wanted {
    Wanted wanted{.name = "vm"};
    std::istringstream stream{words};
    for (std::string word; stream >> word;) {
        if (word == "memory") {
            wanted.memory = "128M";
        } else if (word == "owner") {
            wanted.owner = 2000;
        } else if (word == "stop_timeout") {
            wanted.stop_timeout = seconds{99};
        } else if (word == "line") {
            wanted.line = 7;
        } else if (word == "eager") {
            wanted.reboot_on_change = true;
        } else if (word == "late") {
            wanted.boot_delay = std::chrono::hours{1};  // nothing starts by itself meanwhile
        } else {
            wanted.boot = word == "yes"       ? BootPolicy::yes
                          : word == "oneshot" ? BootPolicy::oneshot
                          : word == "always"  ? BootPolicy::always
                                              : BootPolicy::no;
        }
    }
    return wanted;
}

auto changes() -> std::vector<Change> const& {
    static auto const all = [] {
        auto const from = [](std::string const& words) { return vm_with(words); };
        auto const to = [](std::string const& words) { return Read{vm_with(words)}; };
        return std::vector<Change>{
            {"nothing", from(""), {to("line")}},
            {"stop_timeout", from(""), {to("stop_timeout")}},
            {"memory", from(""), {to("memory")}},
            {"memory+stop_timeout", from(""), {to("memory stop_timeout")}},
            {"rights", from(""), {to("owner")}},
            {"memory-and-back", from(""), {to("memory"), to("")}},
            {"boot=yes", from(""), {to("yes")}},
            {"boot=always+memory", from(""), {to("always memory")}},
            {"boot=oneshot", from(""), {to("oneshot")}},
            {"boot=no", from("yes late"), {to("late")}},
            {"boot=no+memory", from("yes late"), {to("late memory")}},
            {"eager,memory", from("yes late eager"), {to("yes late eager memory")}},
            {"eager,stop_timeout", from("yes late eager"), {to("yes late eager stop_timeout")}},
            {"eager,boot=no,memory", from("eager"), {to("eager memory")}},
            {"gone", from(""), {Read{}}},
            {"gone-and-back", from(""), {Read{}, to("")}},
            {"gone-and-back,yes", from("yes late"), {Read{}, to("yes late")}},
            {"gone-and-back,memory", from(""), {Read{}, to("memory")}},
        };
    }();
    return all;
}

auto told(Engine::Changes const& all) -> std::string {
    std::string text;
    for (auto const& plan : all) {
        text += (text.empty() ? "" : "; ") + std::string{to_string(plan.action)} + " " +
                std::string{to_string(plan.effect)};
        for (auto const& change : plan.keys) {
            text += " " + change.key +
                    (change.effect == plan.effect ? "" : "(" + std::string{to_string(change.effect)} + ")");
        }
    }
    return text.empty() ? "-" : text;
}

auto line_of(Place const& from, Change const& change, EngineWorld& world) -> std::string {
    world.observer.keep_turns = false;
    world.common = change.before;
    from.enter(world);
    EXPECT_EQ(world.where(), from.name) << change.name;
    Engine::Changes did;
    for (auto const& read : change.reads) {
        std::vector<DefinitionPtr> definitions;
        if (read) {
            auto wanted = *read;
            wanted.after = world.common.after;
            definitions.push_back(make(wanted));
        }
        for (auto const& other : world.others) {
            definitions.push_back(make(other));
        }
        world.asked.clear();
        auto const would = world.engine->preview(definitions);
        did = world.engine->apply(definitions);
        EXPECT_EQ(told(did), told(would)) << from.name << " " << change.name;
        world.loop.run_ready();
    }
    std::ostringstream line;
    line << from.name << ' ' << change.name << " | " << told(did) << " | " << world.where();
    if (world.engine->find("vm")) {
        auto const& now = world.status();
        line << ' ' << to_string(now.target) << (now.config_pending ? " pending" : "");
    }
    line << " |";
    for (auto const& one : world.asked) {
        line << ' ' << one;
    }
    return line.str();
}

auto expected_effects() -> std::vector<std::string> {
    std::vector<std::string> lines;
    std::istringstream text{std::string{expected_reloads}};
    for (std::string line; std::getline(text, line);) {
        if (!line.empty()) {
            lines.push_back(line);
        }
    }
    return lines;
}

class ReloadMatrix : public ::testing::TestWithParam<Place> {};

TEST_P(ReloadMatrix, EveryChangeHasItsOutcome) {
    auto const lines = expected_effects();
    for (auto const& change : changes()) {
        EngineWorld world;
        auto const line = line_of(GetParam(), change, world);
        auto const key = GetParam().name + " " + change.name + " |";
        auto const wanted =
            std::find_if(lines.begin(), lines.end(), [&key](std::string const& one) { return one.starts_with(key); });
        EXPECT_EQ(line, wanted == lines.end() ? "(nothing is expected: add a line to expected_reloads.cpp)" : *wanted);
        EXPECT_EQ(world.faults(), std::vector<std::string>{}) << line;
        world.come_to_rest();
        EXPECT_EQ(world.faults_at_rest(), std::vector<std::string>{}) << line;
    }
}

INSTANTIATE_TEST_SUITE_P(Places, ReloadMatrix, ::testing::ValuesIn(places()),
                         [](auto const& instance) { return test_name(instance.param); });

// A line for what does not exist would hide that nothing checks it.
TEST(ReloadLines, EachNamesAPlaceAndAChange) {
    std::vector<std::string> keys;
    for (auto const& place : places()) {
        for (auto const& change : changes()) {
            keys.push_back(place.name + " " + change.name + " |");
        }
    }
    auto const lines = expected_effects();
    EXPECT_EQ(lines.size(), keys.size());
    for (auto const& line : lines) {
        EXPECT_TRUE(std::any_of(keys.begin(), keys.end(), [&line](auto const& key) { return line.starts_with(key); }))
            << line;
    }
}

}  // namespace
}  // namespace apiary::test
