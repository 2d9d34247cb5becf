// Plugins, for one caller: who sees them, and pages of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bus/errors.hpp"
#include "bus/listing.hpp"
#include "bus/paths.hpp"
#include "fake_engine.hpp"

namespace apiary::bus {
namespace {

class FakePlugins final : public Plugins {
public:
    [[nodiscard]] auto list() const -> std::vector<PluginStatus> override { return all; }
    [[nodiscard]] auto find(std::string_view name) const -> std::optional<PluginStatus> override {
        auto const found = std::ranges::find(all, name, &PluginStatus::name);
        return found == all.end() ? std::nullopt : std::optional{*found};
    }
    void enable(std::string const& /*name*/, Done /*done*/) override {}
    void disable(std::string const& /*name*/, Done /*done*/) override {}
    void restart(std::string const& /*name*/, Done /*done*/) override {}
    [[nodiscard]] auto listen(Listener /*listener*/) -> Handle override { return {}; }

    void add(std::string const& name, PluginState state) {
        PluginStatus one;
        one.name = name;
        one.state = state;
        all.push_back(one);
    }
    std::vector<PluginStatus> all;
};

class PluginListing : public ::testing::Test {
protected:
    PluginListing() {
        plugins.add("a", PluginState::running);
        plugins.add("b-2", PluginState::disabled);
        plugins.add("c", PluginState::running);
    }
    auto names(Caller const& caller, OptionMap options = {}, std::string const& after = {}, std::size_t max = 100)
        -> Texts {
        auto const page = list_plugins(lookup, caller, after, max, read_plugin_query(Options{std::move(options)}));
        more = page.more;
        Texts all;
        for (auto const& plugin : page.plugins) {
            all.push_back(plugin.name);
        }
        return all;
    }

    FakePlugins plugins;
    testing::FakeEngine engine;
    Authority authority{{.observers = 50, .master = {}}};
    Lookup lookup{engine, authority, &plugins};
    Caller root{0, {}}, alice{1000, {}}, olga{2000, {50}};
    bool more = false;
};

TEST_F(PluginListing, areForThoseWhoSeeEverything) {
    EXPECT_EQ(names(root), (Texts{"a", "b-2", "c"}));
    EXPECT_EQ(names(olga), (Texts{"a", "b-2", "c"}));
    EXPECT_EQ(names(alice), Texts{});
    EXPECT_TRUE(lookup.plugin_at(plugin_path("b-2"), olga));
    EXPECT_FALSE(lookup.plugin_at(plugin_path("b-2"), alice));
    EXPECT_FALSE(lookup.plugin_at(plugin_path("d"), root));
    EXPECT_FALSE(lookup.plugin_at("/org/apiary/Apiary1/plugin/b-2", root)) << "that is no path of ours";
    Lookup const without{engine, authority};
    EXPECT_FALSE(without.sees_plugins(root));
    EXPECT_TRUE(without.all_plugins(root).empty());
}

TEST_F(PluginListing, onASessionBusAreItsUsers) {
    Authority const own{{.observers = {}, .master = 1000}};
    Lookup const his{engine, own, &plugins};
    EXPECT_TRUE(his.sees_plugins(alice));
    EXPECT_FALSE(his.sees_plugins(olga));
}

TEST_F(PluginListing, inPages) {
    EXPECT_EQ(names(root, {}, "", 2), (Texts{"a", "b-2"}));
    EXPECT_TRUE(more);
    EXPECT_EQ(names(root, {}, "b-2", 2), (Texts{"c"}));
    EXPECT_FALSE(more);
}

TEST_F(PluginListing, byStateAndName) {
    EXPECT_EQ(names(root, {{"state", Value{std::string{"running"}}}}), (Texts{"a", "c"}));
    EXPECT_EQ(names(root, {{"state", Value{Texts{"running", "running", "disabled"}}}}), (Texts{"a", "b-2", "c"}));
    EXPECT_EQ(names(root, {{"plugin", Value{Texts{"c", "nobody"}}}}), (Texts{"c"}));
    EXPECT_THROW(names(root, {{"state", Value{std::string{"stopped"}}}}), Fault);
    EXPECT_THROW(names(root, {{"nonsense", Value{true}}}), Fault);
    EXPECT_THROW(names(root, {{"fields", Value{std::string{"Memory"}}}}), Fault);
    auto const query = read_plugin_query(Options{{{"fields", Value{Texts{"State", "State", "Calls"}}}}});
    EXPECT_EQ(wanted_fields(plugins.all[1], query),
              (Dict{{"State", {std::string{"disabled"}}}, {"Calls", {std::uint64_t{0}}}}));
}

}  // namespace
}  // namespace apiary::bus
