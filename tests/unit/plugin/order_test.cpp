// The order of plugins' steps.
#include "plugin/order.hpp"

#include <gtest/gtest.h>

namespace apiary::plugin {
namespace {

using Words = std::vector<std::string>;

auto make(std::string name, Phase phase, Words before = {}, Words after = {}) -> Declaration {
    Declaration made;
    made.name = std::move(name);
    made.phase = phase;
    made.before = std::move(before);
    made.after = std::move(after);
    return made;
}

auto order_of(std::vector<Declaration> const& plugins) -> Order {
    std::vector<Declaration const*> all;
    for (auto const& one : plugins) {
        all.push_back(&one);
    }
    return arrange(all);
}

TEST(PluginOrder, GoesByPhaseThenByName) {
    auto const order = order_of({make("a", Phase::hook), make("b", Phase::network), make("z", Phase::storage),
                                 make("c", Phase::device), make("y", Phase::storage)});
    EXPECT_EQ(order.names, (Words{"b", "y", "z", "c", "a"}));
    EXPECT_TRUE(order.circles.empty());
}

TEST(PluginOrder, BeforeAndAfterHoldWithinAPhase) {
    auto const order = order_of({make("a", Phase::hook, {}, {"c"}), make("b", Phase::hook), make("c", Phase::hook),
                                 make("d", Phase::hook, {"b", "nobody"})});
    EXPECT_EQ(order.names, (Words{"c", "a", "d", "b"}));
}

TEST(PluginOrder, OthersPhasesAreNotMovedByIt) {
    auto const order = order_of({make("a", Phase::network, {}, {"h"}), make("h", Phase::hook, {"a"})});
    EXPECT_EQ(order.names, (Words{"a", "h"}));
}

TEST(PluginOrder, ACircleIsTheFaultOfThoseInItAlone) {
    auto const order = order_of({make("a", Phase::hook, {"b"}), make("b", Phase::hook, {"c"}),
                                 make("c", Phase::hook, {"a"}), make("d", Phase::hook, {}, {"a"})});
    EXPECT_EQ(order.names, Words{"d"});
    ASSERT_EQ(order.circles.size(), 3U);
    EXPECT_NE(order.circles.at("b").find("a, b, c"), std::string::npos);
}

}  // namespace
}  // namespace apiary::plugin
