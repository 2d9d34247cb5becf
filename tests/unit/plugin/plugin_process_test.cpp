// A plugin's process: how it is begun, replaced and ended, and what its death or its silence costs.
#include "plugin_fixture.hpp"

namespace apiary::plugin::test {
namespace {

using Kind = StepResult::Kind;

class PluginsProcess : public PluginFixture {};

TEST_F(PluginsProcess, ADeathCostsTheCallsUnderWay) {
    take();
    auto const one = prestart(1);
    auto const undone = poststop(1);  // waits
    end(host(), 11);
    run();
    EXPECT_EQ((*one)->kind, Kind::failed);
    EXPECT_NE((*one)->text.find("signal 11"), std::string::npos);
    EXPECT_EQ(plugin->status().strikes, 1U);
    loop.advance(seconds{1});  // the pause before another process
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U);
    EXPECT_EQ(heard(host()), Words{"poststop 1"});
    answer("poststop");
    EXPECT_EQ((*undone)->kind, Kind::ok);
    EXPECT_EQ(plugin->status().restarts, 1U);
}

TEST_F(PluginsProcess, ADeathBetweenCallsIsNoStrike) {
    take();
    for (std::uint64_t i = 1; i <= 5; ++i) {
        auto const result = prestart(i);
        loop.advance(seconds{5});  // the pause before another process
        run();
        answer("prestart");
        EXPECT_EQ((*result)->kind, Kind::ok);
        end(host(), 9);
        run();
    }
    EXPECT_EQ(plugin->status().strikes, 0U);
    EXPECT_EQ(plugin->fault(), "");
}

TEST_F(PluginsProcess, ThreeStrikesDisableItAndSoItStays) {
    take();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        auto const result = prestart(i);
        loop.advance(seconds{5});
        run();
        end(host(), 11);
        run();
        EXPECT_EQ((*result)->kind, Kind::failed);
    }
    EXPECT_EQ(plugin->status().state, PluginState::disabled);
    auto const result = prestart(9);
    EXPECT_EQ((*result)->kind, Kind::veto);
    EXPECT_EQ((*result)->reason, Reason::plugin_unavailable);
    auto const undo = poststop(3);
    EXPECT_EQ((*undo)->kind, Kind::failed);
    EXPECT_EQ((*undo)->reason, Reason::plugin_unavailable);
    EXPECT_NE((StateFolder{world.state_root, "web"}.disabled().value_or("").find("3 deaths")), std::string::npos);

    bool done = false;
    plugin->enable([&done](auto const&) { done = true; });
    run();
    EXPECT_TRUE(done);
    EXPECT_EQ((StateFolder{world.state_root, "web"}.disabled()), std::nullopt);
    EXPECT_EQ(plugin->status().strikes, 0U);
    auto const after = poststop(3);
    answer("poststop");
    EXPECT_EQ((*after)->kind, Kind::ok);
}

TEST_F(PluginsProcess, AFunctionThatIsLeftByAnExceptionIsAStrikeAndItsProcessLivesOn) {
    take();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        auto const result = prestart(i);
        auto const call = host().heard.back();
        say({{"t", "end"}, {"id", call["id"]}, {"result", "failed"}, {"text", "an exception"}, {"broken", true}},
            host());
        run();
        ASSERT_TRUE(*result);
        EXPECT_EQ((*result)->kind, Kind::failed);
        EXPECT_EQ((*result)->text, "an exception");
        EXPECT_EQ(plugin->status().strikes, i);
    }
    EXPECT_EQ(spawner.hosts.size(), 1U) << "nothing but that call is lost by it";
    EXPECT_EQ(plugin->status().state, PluginState::disabled);
    EXPECT_NE(plugin->fault().find("an exception"), std::string::npos) << plugin->fault();
}

TEST_F(PluginsProcess, WhatItsKeeperSaysAfterItsDeathIsToldBeforeThat) {
    take();
    auto const result = prestart(1);
    auto const dead = std::exchange(host().ended, nullptr);
    dead(11);  // and the keeper holds the channel still
    run();
    EXPECT_FALSE(*result);
    EXPECT_EQ(plugin->status().pid, 0);
    auto const next = prestart(2, "other");  // is no affair of the one that is dead
    say({{"t", "log"}, {"level", 0}, {"text", "free(): invalid pointer"}}, host());
    host().channel.reset();
    run();
    ASSERT_TRUE(*result);
    EXPECT_NE((*result)->text.find("signal 11"), std::string::npos) << (*result)->text;
    auto const said = [this](std::string_view text) {
        return std::ranges::find_if(log, [text](auto const& line) { return line.find(text) != std::string::npos; });
    };
    ASSERT_NE(said("invalid pointer"), log.end());
    EXPECT_LT(said("invalid pointer"), said("signal 11"));
    loop.advance(seconds{1});  // the pause before another process
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U);
    EXPECT_EQ(heard(host()), Words{"prestart 2"});
    EXPECT_FALSE(*next);
    EXPECT_EQ(plugin->status().strikes, 1U);
}

TEST_F(PluginsProcess, WhoHoldsTheChannelOfADeadOneHoldsUpNobodyForLong) {
    take();
    auto const result = prestart(1);
    auto const dead = std::exchange(host().ended, nullptr);
    dead(11);
    run();
    EXPECT_FALSE(*result);
    loop.advance(seconds{1});
    run();
    ASSERT_TRUE(*result);
    EXPECT_NE((*result)->text.find("signal 11"), std::string::npos) << (*result)->text;
    EXPECT_FALSE(host().killed) << "its number may be another's by now";
}

TEST_F(PluginsProcess, ARestartByHandInThePauseAfterADeathKeepsNobodyWaiting) {
    declaration.own_events = true;  // it is begun for calls alone
    take();
    (void)prestart(1);
    end(host(), 11);
    run();
    auto const waits = prestart(2, "other");
    EXPECT_EQ(spawner.hosts.size(), 1U);
    plugin->restart({});
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U) << "at once";
    answer("prestart");
    ASSERT_TRUE(*waits);
    EXPECT_EQ((*waits)->kind, Kind::ok);
}

TEST_F(PluginsProcess, StrikesOutsideOfTheWindowDoNotCount) {
    take();
    for (std::uint64_t i = 1; i <= 4; ++i) {
        auto const result = prestart(i);
        loop.advance(minutes{2});
        end(host(), 11);
        run();
        loop.advance(minutes{4});
        run();
    }
    EXPECT_EQ(plugin->fault(), "");
}

TEST_F(PluginsProcess, AHangIsCanceledThenKilledAndOthersMayEndFirst) {
    take();
    auto const slow = prestart(1);
    loop.advance(seconds{19});
    auto const other = prestart(2, "other");
    loop.advance(seconds{1});
    run();
    EXPECT_EQ(heard(host()).back(), "cancel");
    loop.advance(seconds{5});
    run();
    ASSERT_TRUE(*slow);
    EXPECT_EQ((*slow)->reason, Reason::step_timeout);
    EXPECT_FALSE(host().killed) << "another call is under way";
    auto const third = prestart(3, "third");
    EXPECT_EQ(spawner.hosts.size(), 1U);
    auto& old = host();
    auto const call = std::ranges::find_if(old.heard, [](Json const& one) { return number_of(one, "attempt") == 2; });
    say({{"t", "end"}, {"id", (*call)["id"]}, {"result", "ok"}}, old);
    run();
    EXPECT_EQ((*other)->kind, Kind::ok);
    EXPECT_TRUE(old.killed);
    loop.advance(seconds{1});
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U);
    EXPECT_EQ(heard(host()), Words{"prestart 3"});
    EXPECT_EQ(plugin->status().strikes, 1U) << "the hang; not the kill";
}

TEST_F(PluginsProcess, NonsenseOnTheChannelIsItsDeath) {
    take();
    auto const result = prestart(1);
    ASSERT_EQ(::write(host().channel.get(), "This is no frame", 16), 16);
    run();
    EXPECT_TRUE(host().killed);
    EXPECT_EQ((*result)->kind, Kind::failed);
    EXPECT_NE((*result)->text.find("makes no sense"), std::string::npos) << (*result)->text;
    EXPECT_EQ(plugin->status().strikes, 1U);
}

TEST_F(PluginsProcess, AProcessThatIsNotReadyInTimeIsKilled) {
    take();
    silent = true;
    auto const result = prestart(1);
    loop.advance(seconds{60});
    run();
    EXPECT_TRUE(host().killed);
    ASSERT_TRUE(*result);
    EXPECT_EQ((*result)->kind, Kind::veto) << "it has not heard of it";
    EXPECT_NE((*result)->text.find("not ready"), std::string::npos) << (*result)->text;
}

TEST_F(PluginsProcess, ThatItCannotBeStartedIsTold) {
    take();
    spawner.error = ENOENT;
    auto const result = prestart(1);
    EXPECT_FALSE(*result) << "it is tried once more";
    loop.advance(seconds{1});
    ASSERT_TRUE(*result);
    EXPECT_EQ((*result)->kind, Kind::veto);
    EXPECT_EQ((*result)->reason, Reason::step_failed) << "it may go well the next time";
    EXPECT_NE((*result)->text.find("/host"), std::string::npos);
    spawner.error = 0;
    loop.advance(minutes{1});
    auto const again = prestart(2);
    answer("prestart");
    EXPECT_EQ((*again)->kind, Kind::ok);
}

TEST_F(PluginsProcess, ABadFileInItsPlaceWhileItIsBegunEndsIt) {
    take();
    silent = true;
    auto const result = prestart(1);
    plugin->take_unusable({.name = "web", .path = "/plugins/web.so", .id = {.inode = 2}, .fd = nullptr, .fault = {}},
                          "it cannot be loaded");
    run();
    EXPECT_EQ((*result)->reason, Reason::plugin_unavailable);
    say(to_frame(declaration), host());
    run();
    EXPECT_EQ(heard(host()), Words{"quit"});
    end(host(), 0);
    run();
    EXPECT_EQ(plugin->status().state, PluginState::unusable);
    EXPECT_EQ(plugin->status().strikes, 0U);
    silent = false;
    take(3);
    auto const again = prestart(2);
    loop.advance(seconds{1});
    run();
    answer("prestart");
    EXPECT_EQ((*again)->kind, Kind::ok);
}

TEST_F(PluginsProcess, AnUpgradeWaitsForWhatIsUnderWay) {
    take();
    auto const before = prestart(1);
    declaration.version = "2";
    take(2);
    auto const after = prestart(2, "other");
    auto& old = host();
    EXPECT_EQ(heard(old), Words{"prestart 1"});
    answer("prestart");
    EXPECT_EQ((*before)->kind, Kind::ok);
    EXPECT_EQ(heard(old).back(), "quit");
    EXPECT_EQ(spawner.hosts.size(), 1U);
    end(old, 0);
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U);
    EXPECT_EQ(heard(host()), Words{"prestart 2"});
    EXPECT_EQ(plugin->status().strikes, 0U);
    EXPECT_EQ(plugin->status().version, "2");
}

TEST_F(PluginsProcess, ADisabledOneEndsWhenItsCallsHave) {
    take();
    auto const before = prestart(1);
    bool done = false;
    plugin->disable("by hand", [&done](auto const&) { done = true; });
    run();
    EXPECT_FALSE(done);
    answer("prestart");
    EXPECT_EQ((*before)->kind, Kind::ok);
    EXPECT_EQ(heard(host()).back(), "quit");
    end(host(), 0);
    run();
    EXPECT_TRUE(done);
    EXPECT_EQ(spawner.hosts.size(), 1U);
}

TEST_F(PluginsProcess, OneThatDoesNotQuitIsKilled) {
    take();
    (void)prestart(1);
    answer("prestart");
    plugin->lose();
    run();
    EXPECT_EQ(heard(host()).back(), "quit");
    loop.advance(seconds{10});
    run();
    EXPECT_TRUE(host().killed);
    EXPECT_EQ(plugin->status().state, PluginState::absent);
}

}  // namespace
}  // namespace apiary::plugin::test
