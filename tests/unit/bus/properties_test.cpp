// The properties of VMs and jobs.
#include "bus/properties.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "bus/vm_objects.hpp"
#include "contract.hpp"
#include "fake_engine.hpp"

namespace apiary::bus {
namespace {

auto emits_word(Emits emits) -> std::string {
    switch (emits) {
        case Emits::changes:
            return "true";
        case Emits::nothing:
            return "false";
        case Emits::constant:
            return "const";
    }
    return {};
}

template <typename Subject>
void expect_as_declared(std::string const& interface, std::span<Property<Subject> const> table) {
    std::size_t count = 0;
    for (auto const& member : testing::declared_members(interface)) {
        if (member.kind != "property") {
            continue;
        }
        ++count;
        auto const* property = find_property(table, member.name);
        ASSERT_NE(property, nullptr) << member.name;
        EXPECT_EQ(property->signature, member.type) << member.name;
        EXPECT_EQ(emits_word(property->emits), member.emits) << member.name;
    }
    EXPECT_EQ(count, table.size());
}

auto names(Dict const& entries) -> std::vector<std::string> {
    std::vector<std::string> keys;
    for (auto const& entry : entries) {
        keys.push_back(entry.key);
    }
    return keys;
}

TEST(Properties, areThoseOfTheContract) {
    expect_as_declared("org.apiary.Apiary1.VM", vm_properties());
    expect_as_declared("org.apiary.Apiary1.Job", job_properties());
    expect_as_declared("org.apiary.Apiary1.Plugin", plugin_properties());
}

TEST(Properties, onlyRealChangesAreChanges) {
    testing::FakeVm vm{"web", 1, {.owner = 1000}};
    auto const definition = vm.definition();
    VmStatus before = vm.status_;
    VmFacts const old{vm.name(), vm.id(), before, definition.get(), vm.audience()};
    EXPECT_TRUE(changed_properties(vm_properties(), old, facts_of(vm, definition)).empty());
    vm.status_.state = State::running;
    vm.status_.last_event = 7;  // is not signalled
    EXPECT_EQ(names(changed_properties(vm_properties(), old, facts_of(vm, definition))),
              (std::vector<std::string>{"State"}));
}

TEST(Properties, figuresOfAPluginsCallsAreNotSignalled) {
    PluginStatus const before{.name = "story", .version = "1.0", .doc = {}, .path = {}};
    auto after = before;
    after.calls = 7;
    after.failures = 2;
    after.under_way = 3;
    after.strikes = 1;
    after.latency_mean = after.latency_most = std::chrono::microseconds{12};
    EXPECT_TRUE(changed_properties(plugin_properties(), before, after).empty());
    after.version = "2.0";
    after.state = PluginState::running;
    after.pid = 12;
    EXPECT_EQ(names(changed_properties(plugin_properties(), before, after)),
              (std::vector<std::string>{"Version", "State", "Pid"}));
}

TEST(Properties, whatAPluginSaysIsBounded) {
    PluginStatus plugin{.name = "story", .version = std::string(100'000, 'x'), .doc = {}, .path = {}};
    plugin.error = std::string(100'000, 'x') + '\xff';
    plugin.keys.assign(10'000, "key");
    auto const of = [&](char const* name) { return find_property(plugin_properties(), name)->get(plugin); };
    EXPECT_EQ(std::get<std::string>(of("Version").data).size(), 1024U);
    EXPECT_EQ(std::get<std::string>(of("LastError").data).size(), 4096U);
    EXPECT_EQ(std::get<Texts>(of("Keys").data).size(), 256U);
}

TEST(Properties, aNewDefinitionChangesWhatComesFromIt) {
    testing::FakeVm const vm{"web", 1, {.owner = 1000}};
    auto const definition = vm.definition();
    auto other = std::make_shared<Definition>(*definition);
    other->memory_bytes *= 2;
    other->cpus.cores = 4;
    DefinitionPtr const changed = other;
    EXPECT_EQ(names(changed_properties(vm_properties(), facts_of(vm, definition), facts_of(vm, changed))),
              (std::vector<std::string>{"Memory", "Cpus"}));
}

TEST(Properties, withoutADefinitionAreEmptyAndTheOwnerIsKnown) {
    testing::FakeVm const vm{"web", 1, {.owner = 1000}};
    auto const all = all_properties(vm_properties(), facts_of(vm, nullptr));
    for (auto const& [key, value] : all) {
        if (key == "Memory") {
            EXPECT_EQ(value, Value{std::uint64_t{0}});
        } else if (key == "Backend") {
            EXPECT_EQ(value, Value{std::string{}});
        } else if (key == "Owner") {
            EXPECT_EQ(value, Value{std::uint32_t{1000}});
        }
    }
}

TEST(Properties, thePasswordOfTheScreenIsNotShown) {
    testing::FakeVm const vm{"web", 1, {.owner = 1000}};
    auto definition = std::make_shared<Definition>(*vm.definition());
    definition->graphics.on = true;
    definition->graphics.password = "secret";
    auto const value = find_property(vm_properties(), "Graphics")->get(facts_of(vm, definition));
    bool has_password = false;
    for (auto const& [key, entry] : std::get<Dict>(value.data)) {
        EXPECT_NE(entry, Value{std::string{"secret"}});
        has_password = has_password || (key == "password" && entry == Value{true});
    }
    EXPECT_TRUE(has_password);
}

TEST(Properties, longTextsAreCut) {
    testing::FakeVm vm{"web", 1, {.owner = 1000}};
    vm.status_.reason_text = std::string(100'000, 'x');
    auto const value = find_property(vm_properties(), "ReasonText")->get(facts_of(vm, nullptr));
    EXPECT_EQ(std::get<std::string>(value.data).size(), 1024U);
    Job job;
    job.error = std::string(100'000, 'x');
    EXPECT_EQ(std::get<std::string>(find_property(job_properties(), "Error")->get(job).data).size(), 4096U);
}

}  // namespace
}  // namespace apiary::bus
