// What is told of a changed definition: the keys, their values, and when each takes effect.
#include "vm/change_plan.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

auto set(std::string key, std::vector<std::string> const& values, bool secret = false) -> Setting {
    Setting setting;
    setting.key = std::move(key);
    setting.secret = secret;
    for (auto const& value : values) {
        setting.values.push_back(value);
    }
    return setting;
}

auto definition(std::vector<Setting> settings) -> Definition {
    Definition made;
    made.name = "vm";
    made.settings = std::move(settings);
    return made;
}

auto told(std::vector<KeyChange> const& changes) -> Words {
    Words lines;
    for (auto const& change : changes) {
        auto line = change.key + ":";
        for (auto const& value : change.before) {
            line += " " + value;
        }
        line += " ->";
        for (auto const& value : change.after) {
            line += " " + value;
        }
        lines.push_back(line + " " + std::string{to_string(change.effect)});
    }
    return lines;
}

constexpr auto waits = ChangeEffect::next_cold_start;

TEST(ChangePlan, KeysComeInTheirOrder) {
    auto const before = definition({set("boot", {"no"}), set("disk", {"/a"}), set("iso", {"/i"}), set("ncpu", {"1"})});
    auto const after = definition({set("boot", {"yes"}), set("disk", {"/a", "/b"}), set("memory", {"1G"}),
                                   set("ncpu", {"1"}), set("tpm", {"x"})});
    EXPECT_EQ(told(changed_keys(&before, after, waits)),
              (Words{"boot: no -> yes now", "disk: /a -> /a /b next-cold-start", "memory: -> 1G next-cold-start",
                     "iso: /i -> next-cold-start", "tpm: -> x next-cold-start"}));
    EXPECT_TRUE(changed_keys(&before, before, waits).empty());
}

TEST(ChangePlan, WithoutABeforeEverythingIsNew) {
    auto const after = definition({set("boot", {"yes"}), set("memory", {"1G"})});
    EXPECT_EQ(told(changed_keys(nullptr, after, waits)), (Words{"boot: -> yes now", "memory: -> 1G next-cold-start"}));
}

TEST(ChangePlan, ASecretIsNotTold) {
    auto const before = definition({set("graphics_password", {"one"}, true)});
    auto const after = definition({set("graphics_password", {"two"}, true)});
    EXPECT_EQ(told(changed_keys(&before, after, ChangeEffect::restart)),
              Words{"graphics_password: (secret) -> (secret) restart"});
    EXPECT_EQ(told(changed_keys(&before, definition({}), waits)),
              Words{"graphics_password: (secret) -> next-cold-start"});
}

TEST(ChangePlan, WhatTheTextStandsFor) {
    auto before = definition({set("disk", {"/a"})});
    before.disks.push_back({.path = {.path = "/a"}});
    auto after = before;
    after.disks[0].path = {.path = "/a", .trusted = false, .opened_as = 1001};
    EXPECT_FALSE(same_for_the_guest(before, after));
    EXPECT_EQ(told(changed_keys(&before, after, waits)), Words{"disk: /a -> /a next-cold-start"});
    after = before;
    after.backend = BackendKind::bhyve;
    EXPECT_EQ(told(changed_keys(&before, after, waits)), Words{"backend: qemu -> bhyve next-cold-start"});
    after = before;
    after.owner = 1001;
    after.owner_name = "alice";
    after.visibility = Visibility::all;
    EXPECT_EQ(told(changed_keys(&before, after, waits)),
              (Words{"owner: 0 -> alice next-cold-start", "visibility: owner -> all next-cold-start"}));
}

TEST(ChangePlan, WhatHasNoKeyOfItsOwn) {
    auto const before = definition({});
    auto after = before;
    after.plugin_settings["hookcmd"].push_back(set("prestart", {"/bin/x"}));
    EXPECT_FALSE(same_for_the_guest(before, after));
    EXPECT_EQ(told(changed_keys(&before, after, waits)), Words{"definition: -> next-cold-start"});
}

TEST(ChangePlan, WhatHoldsAtOnceIsTheSameGuest) {
    auto const before = definition({set("boot", {"no"}), set("memory", {"1G"}), set("stop_timeout", {"9"})});
    EXPECT_TRUE(same_for_the_guest(
        before, definition({set("boot_delay", {"3"}), set("memory", {"1G"}), set("reboot_on_change", {"yes"}),
                            set("maxrestart", {"9"}), set("maxrestarttime", {"9"})})));
    EXPECT_FALSE(same_for_the_guest(before, definition({set("boot", {"no"}), set("stop_timeout", {"9"})})));
    EXPECT_FALSE(
        same_for_the_guest(before, definition({set("boot", {"no"}), set("memory", {"1G"}), set("tpm", {"x"})})));
}

TEST(ChangePlan, Words) {
    EXPECT_EQ(to_string(ChangeAction::kept), "kept");
    EXPECT_EQ(to_string(ChangeEffect::next_cold_start), "next-cold-start");
    EXPECT_EQ(to_string(ChangeEffect::none), "none");
    EXPECT_NE(sentence_of(ChangeEffect::none), "");
}

}  // namespace
}  // namespace apiary::test
