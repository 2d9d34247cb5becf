// Whose a key is that several plugins declare.
#include "plugin/scan.hpp"

#include <gtest/gtest.h>

namespace apiary::plugin {
namespace {

auto found(std::string const& name, std::vector<std::string> const& keys) -> FoundPlugin {
    FoundPlugin one{.file = {}, .declaration = Declaration{}, .fault = {}, .disabled = std::nullopt};
    one.file.name = one.declaration->name = name;
    for (auto const& key : keys) {
        one.declaration->keys.emplace_back().name = key;
    }
    return one;
}

TEST(PluginKeys, AreTheFirstOnesByName) {
    std::vector<FoundPlugin> plugins{found("aaa", {"bridge"}), found("bbb", {"bridge"}), found("ccc", {"other"})};
    judge_keys(plugins, {});
    EXPECT_EQ(plugins[0].fault, "");
    EXPECT_NE(plugins[1].fault.find("the plugin aaa declares it"), std::string::npos) << plugins[1].fault;
    EXPECT_EQ(plugins[2].fault, "");
}

TEST(PluginKeys, StayWithWhoHasThemAlready) {
    ScanRequest request;
    request.holders = {{"bridge", "bbb"}, {"gone", "zzz"}, {"old", "bbb"}};
    std::vector<FoundPlugin> plugins{found("aaa", {"bridge", "own"}), found("bbb", {"bridge"}),
                                     found("ccc", {"gone", "old", "own"})};
    judge_keys(plugins, request);
    EXPECT_NE(plugins[0].fault.find("the plugin bbb declares it"), std::string::npos) << plugins[0].fault;
    EXPECT_EQ(plugins[1].fault, "");
    EXPECT_EQ(plugins[2].fault, "") << "nobody declares these any more, and aaa has none";
}

TEST(PluginKeys, OfTheDaemonAreNobodyElses) {
    ScanRequest request;
    request.holders = {{"memory", "aaa"}};
    request.key_owner = [](std::string_view key) {
        return key == "memory" ? std::optional<std::string>{""} : std::nullopt;
    };
    std::vector<FoundPlugin> plugins{found("aaa", {"memory"})};
    judge_keys(plugins, request);
    EXPECT_NE(plugins[0].fault.find("Apiary has one"), std::string::npos) << plugins[0].fault;
}

}  // namespace
}  // namespace apiary::plugin
