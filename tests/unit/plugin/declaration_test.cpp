// What a plugin declares: there and back over the frame, and judged.
#include "plugin/declaration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

#include <apiary/plugin.h>

namespace apiary::plugin {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

auto good() -> Declaration {
    Declaration made;
    made.abi = APIARY_PLUGIN_ABI;
    made.name = "lan-party";
    made.version = "1.2";
    made.doc = "Networks";
    made.keys = {
        {.name = "lan", .type = KeyType::word, .fallback = "red", .doc = "Which", .why = {}, .words = {"red", "blue"}},
        {.name = "lan_vlan",
         .type = KeyType::integer,
         .list = true,
         .fallback = "7",
         .doc = "Tag",
         .why = {},
         .words = {},
         .least = 1,
         .most = 4094},
        {.name = "lan_key",
         .secret = true,
         .root_only = true,
         .fallback = {},
         .doc = "Key",
         .why = "It opens all",
         .words = {}}};
    made.phase = Phase::network;
    made.no_network = made.not_needed = made.replay = true;
    made.before = {"bridge"};
    made.after = {"vlan", "dns"};
    made.events = {"started", "guest-panic", "state"};
    made.user = "nobody";
    made.capabilities = {"net_admin"};
    made.prestart_timeout = 5s;
    made.has = {.prestart = true, .poststop = true, .event = true};
    return made;
}

auto faults_after(std::function<void(Declaration&)> const& change) -> std::vector<std::string> {
    auto made = good();
    change(made);
    return judge(made, made.name + ".so");
}

TEST(Declarations, AreTheSameAfterTheChannel) {
    EXPECT_EQ(declaration_from(to_frame(good())), good());
    EXPECT_EQ(declaration_from(to_frame(Declaration{})), Declaration{});
}

TEST(Declarations, OfLaterVersionsFallBack) {
    auto frame = to_frame(good());
    frame["phase"] = 99;
    frame["flags"] = 0xff00;
    frame["keys"][0]["type"] = 99;
    frame["something"] = Json::array();
    auto const read = declaration_from(frame);
    EXPECT_EQ(read.phase, Phase::hook);
    EXPECT_FALSE(read.no_network || read.all_vms || read.not_needed || read.replay);
    EXPECT_EQ(read.keys.at(0).type, KeyType::text);
}

TEST(Declarations, OfAnyShapeAreRead) {
    EXPECT_EQ(declaration_from(Json{{"t", "plugin"}}).prestart_timeout, 60s);
    EXPECT_EQ(declaration_from(Json{{"keys", 7}, {"has", "x"}, {"name", Json::array()}}), Declaration{});
    EXPECT_EQ(declaration_from(Json{{"keys", Json::array({1, "x"})}}).keys.size(), 2U);
}

TEST(Declarations, ThatAreGoodAreNotBlamed) {
    EXPECT_THAT(judge(good(), "lan-party.so"), IsEmpty());
    EXPECT_THAT(judge(good()), IsEmpty());
}

TEST(Declarations, AreNamedAsTheirFile) {
    EXPECT_THAT(judge(good(), "lan.so"), Contains(HasSubstr("must be called lan-party.so, not lan.so")));
    for (std::string const name :
         {"", "Lan", "7lan", "-lan", "l an", "l/n", "\n", "a23456789012345678901234567890123"}) {
        EXPECT_THAT(faults_after([&](auto& made) { made.name = name; }), Contains(HasSubstr("a name has 1 to 32")))
            << name;
    }
}

TEST(Declarations, AreOfThisInterface) {
    EXPECT_THAT(faults_after([](auto& made) { made.abi = 2; }),
                Contains(HasSubstr("version 2 of the plugins' interface")));
}

TEST(Declarations, OfKeysAreJudged) {
    auto const fault = [](std::function<void(Key&)> const& change, std::size_t key = 0) {
        auto const all = faults_after([&](auto& made) { change(made.keys.at(key)); });
        return all.empty() ? std::string{} : all.front();
    };
    EXPECT_THAT(fault([](Key& key) { key.name = "Lan"; }), HasSubstr("\"Lan\" is no name of a key"));
    EXPECT_THAT(fault([](Key& key) { key.name = "lan_vlan"; }), HasSubstr("the key lan_vlan is declared twice"));
    EXPECT_THAT(fault([](Key& key) { key.doc = ""; }), HasSubstr("says nothing"));
    EXPECT_THAT(fault([](Key& key) { key.doc = "a\nb"; }), HasSubstr("not one line"));
    EXPECT_THAT(fault([](Key& key) { key.words.clear(); }), HasSubstr("0 words"));
    EXPECT_THAT(fault([](Key& key) { key.words.push_back("red"); }), HasSubstr("same word twice"));
    EXPECT_THAT(fault([](Key& key) { key.fallback = "green"; }), HasSubstr("\"green\", is no value"));
    EXPECT_THAT(fault([](Key& key) { key.fallback = "4095"; }, 1), HasSubstr("is no value"));
    EXPECT_THAT(fault([](Key& key) { key.fallback = "1x"; }, 1), HasSubstr("is no value"));
    EXPECT_THAT(fault([](Key& key) { key.least = 5000; }, 1), HasSubstr("allows no number"));
    EXPECT_THAT(fault([](Key& key) { key.fallback = "x"; }, 2), HasSubstr("everybody could read"));
    EXPECT_THAT(fault([](Key& key) { key.why = ""; }, 2), HasSubstr("does not say why"));
    auto const typed = [&](KeyType type, std::string value) {
        return fault([&](Key& key) {
            key.type = type;
            key.fallback = std::move(value);
        });
    };
    EXPECT_EQ(typed(KeyType::boolean, "Yes"), "");
    EXPECT_THAT(typed(KeyType::boolean, "1"), HasSubstr("is no value"));
    EXPECT_EQ(typed(KeyType::path, "/var"), "");
    EXPECT_THAT(typed(KeyType::executable, "sh"), HasSubstr("is no value"));
}

TEST(Declarations, HaveBounds) {
    EXPECT_THAT(faults_after([](auto& made) { made.keys.resize(1000); }), Contains(HasSubstr("1000 keys")));
    EXPECT_THAT(faults_after([](auto& made) { made.events.resize(1000, "started"); }),
                Contains(HasSubstr("1000 in events")));
    EXPECT_THAT(faults_after([](auto& made) { made.doc = std::string(5000, 'x'); }),
                Contains(HasSubstr("description")));
    EXPECT_THAT(faults_after([](auto& made) { made.event_timeout = 48h; }), Contains(HasSubstr("timeout of event")));
    EXPECT_EQ(faults_after([](auto& made) {
                  made.keys.assign(200, Key{.name = "Bad", .fallback = {}, .doc = {}, .why = {}, .words = {}});
              }).size(),
              20U);
}

TEST(Declarations, StandSomewhereInTheOrder) {
    EXPECT_THAT(faults_after([](auto& made) { made.before = {made.name}; }), Contains(HasSubstr("before itself")));
    EXPECT_THAT(faults_after([](auto& made) { made.after = {made.name}; }), Contains(HasSubstr("after itself")));
    EXPECT_THAT(faults_after([](auto& made) { made.after = {"bridge"}; }), Contains(HasSubstr("and after it")));
    EXPECT_THAT(faults_after([](auto& made) { made.after = {"a b"}; }), Contains(HasSubstr("is no name")));
}

TEST(Declarations, AskForRightsThatMakeSense) {
    EXPECT_THAT(faults_after([](auto& made) { made.user.reset(); }), Contains(HasSubstr("no user to run as")));
    EXPECT_THAT(faults_after([](auto& made) { made.user = "a:b"; }), Contains(HasSubstr("no name of an account")));
    EXPECT_THAT(faults_after([](auto& made) { made.capabilities = {"net admin"}; }), Contains(HasSubstr("is no name")));
    EXPECT_THAT(faults_after([](auto& made) { made.has.event = false; }), Contains(HasSubstr("has no function event")));
}

}  // namespace
}  // namespace apiary::plugin
