// A plugin's calls and its process: order, deadlines, death, upgrade, strikes.
#include "plugin_fixture.hpp"

namespace apiary::plugin::test {
namespace {

using Kind = StepResult::Kind;

class PluginCalls : public PluginFixture {};

TEST_F(PluginCalls, AProcessIsBegunByTheFirstCall) {
    take();
    EXPECT_TRUE(spawner.hosts.empty());
    EXPECT_EQ(plugin->status().state, PluginState::ended);
    auto const result = prestart(7);
    ASSERT_EQ(heard(host()), Words{"prestart 7"});
    EXPECT_EQ(plugin->status().state, PluginState::running);
    EXPECT_EQ(plugin->status().under_way, 1U);
    answer("prestart", "ok", Json::array({Json::array({"note", "a", "b"})}));
    ASSERT_TRUE(*result);
    EXPECT_EQ((*result)->kind, Kind::ok);
    ASSERT_EQ((*result)->contributions.size(), 1U);
    EXPECT_EQ((*result)->contributions[0].value, "b");
    EXPECT_EQ(plugin->status().calls, 1U);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(PluginCalls, AVetoAndAFailureHaveItsWords) {
    take();
    auto const veto = prestart(1);
    answer("prestart", "veto", Json::array(), "no");
    EXPECT_EQ((*veto)->kind, Kind::veto);
    EXPECT_EQ((*veto)->text, "no");
    auto const failed = prestart(2);
    answer("prestart", "failed");
    EXPECT_EQ((*failed)->kind, Kind::failed);
    EXPECT_NE((*failed)->text, "");
    EXPECT_EQ(plugin->status().failures, 1U);
}

TEST_F(PluginCalls, WhatItMayNotContributeIsAFailure) {
    take();
    auto const result = prestart(1);
    answer("prestart", "ok", Json::array({Json::array({"credentials", "hypervisor", "0"})}));
    EXPECT_EQ((*result)->kind, Kind::failed);
    EXPECT_NE((*result)->text.find("credentials"), std::string::npos);
}

TEST_F(PluginCalls, AnUndoWaitsForItsPrestartThatWasCalledOff) {
    take();
    auto const begun = prestart(1);
    step->cancel(1);
    auto const undone = poststop(1);
    EXPECT_EQ(heard(host()), (Words{"prestart 1", "cancel"}));
    auto const other = prestart(2, "other");  // nobody else waits
    EXPECT_EQ(heard(host()).back(), "prestart 2");
    answer("prestart", "ok", Json::array({Json::array({"note", "made", "late"})}));
    ASSERT_EQ(heard(host()).back(), "poststop 1");
    EXPECT_EQ(host().heard.back()["contributions"][0][2], "late");
    answer("poststop");
    EXPECT_EQ((*undone)->kind, Kind::ok);
}

TEST_F(PluginCalls, AnUndoOfACallThatNeverBeganGoesAtOnce) {
    take();
    auto const undone = poststop(5);
    EXPECT_EQ(heard(host()), Words{"poststop 5"});
    answer("poststop", "failed", Json::array(), "busy");
    EXPECT_EQ((*undone)->kind, Kind::failed);
    EXPECT_EQ((*undone)->text, "busy");
    auto const again = poststop(5);
    answer("poststop");
    EXPECT_EQ((*again)->kind, Kind::ok);
}

TEST_F(PluginCalls, ADeathCostsTheCallsUnderWay) {
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

TEST_F(PluginCalls, ADeathBetweenCallsIsNoStrike) {
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

TEST_F(PluginCalls, ThreeStrikesDisableItAndSoItStays) {
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

TEST_F(PluginCalls, AFunctionThatIsLeftByAnExceptionIsAStrikeAndItsProcessLivesOn) {
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

TEST_F(PluginCalls, WhatItsKeeperSaysAfterItsDeathIsToldBeforeThat) {
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

TEST_F(PluginCalls, WhoHoldsTheChannelOfADeadOneHoldsUpNobodyForLong) {
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

TEST_F(PluginCalls, StrikesOutsideOfTheWindowDoNotCount) {
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

TEST_F(PluginCalls, AHangIsCanceledThenKilledAndOthersMayEndFirst) {
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

TEST_F(PluginCalls, NonsenseOnTheChannelIsItsDeath) {
    take();
    auto const result = prestart(1);
    ASSERT_EQ(::write(host().channel.get(), "This is no frame", 16), 16);
    run();
    EXPECT_TRUE(host().killed);
    EXPECT_EQ((*result)->kind, Kind::failed);
    EXPECT_NE((*result)->text.find("makes no sense"), std::string::npos) << (*result)->text;
    EXPECT_EQ(plugin->status().strikes, 1U);
}

TEST_F(PluginCalls, AProcessThatIsNotReadyInTimeIsKilled) {
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

TEST_F(PluginCalls, ThatItCannotBeStartedIsTold) {
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

TEST_F(PluginCalls, OneThatIsNotNeededHoldsUpNoStart) {
    declaration.not_needed = true;
    take();
    spawner.error = ENOENT;
    auto const result = prestart(1);
    loop.advance(seconds{1});
    ASSERT_TRUE(*result);
    EXPECT_EQ((*result)->kind, Kind::ok);
}

TEST_F(PluginCalls, ABadFileInItsPlaceWhileItIsBegunEndsIt) {
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

TEST_F(PluginCalls, AnUpgradeWaitsForWhatIsUnderWay) {
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

TEST_F(PluginCalls, ADisabledOneEndsWhenItsCallsHave) {
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

TEST_F(PluginCalls, OneThatDoesNotQuitIsKilled) {
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

TEST_F(PluginCalls, TheOldestEventsAreLostToOneThatIsSlow) {
    take();
    silent = true;  // not ready yet
    PluginEvents events{[this](auto const& visit) { visit(*plugin); }, [](std::string_view) { return nullptr; },
                        world.log_path};
    constexpr std::size_t more = 10, most = Plugin::most_events_of_a_vm + 1;
    for (std::size_t i = 1; i <= most + more; ++i) {
        Turn turn;
        turn.events.push_back({.seq = i, .vm = "vm", .type = EventType::state});
        events.on_turn(turn);
    }
    Turn other;
    other.events.push_back({.seq = 9999, .vm = "vm", .type = EventType::console});  // not wanted
    events.on_turn(other);
    run();
    say(to_frame(declaration), host());
    run();
    for (std::size_t i = 0; i < most; ++i) {  // one after the other
        for (auto& one : host().heard) {
            if (!one.contains("answered")) {
                one["answered"] = true;
                say({{"t", "end"}, {"id", one["id"]}, {"result", "ok"}}, host());
            }
        }
        run();
    }
    ASSERT_EQ(host().heard.size(), most);
    EXPECT_EQ(host().heard[0]["event"]["seq"], 1);  // it was on its way
    EXPECT_EQ(host().heard[1]["event"]["seq"], more + 2);
    EXPECT_EQ(host().heard[1]["event"]["fields"]["missed"], std::to_string(more));
    EXPECT_EQ(host().heard.back()["event"]["seq"], most + more);
    EXPECT_EQ(std::ranges::count_if(log, [](auto const& text) { return text.find("slower") != std::string::npos; }), 1);
}

// A call that takes its time, and whose VM has much to tell, takes one of the places of calls under way, not all.
TEST_F(PluginCalls, OneVmHasOneCallUnderWay) {
    take();
    PluginEvents events{[this](auto const& visit) { visit(*plugin); }, [](std::string_view) { return nullptr; },
                        world.log_path};
    auto const happens = [&](std::string const& vm, std::uint64_t seq) {
        Turn turn;
        turn.events.push_back({.seq = seq, .vm = vm, .type = EventType::state});
        events.on_turn(turn);
    };
    for (std::uint64_t seq = 1; seq <= 20; ++seq) {
        happens("busy", seq);
    }
    happens("other", 21);
    run();
    ASSERT_EQ(host().heard.size(), 2U);
    EXPECT_EQ(host().heard[0]["event"]["seq"], 1);
    EXPECT_EQ(host().heard[1]["event"]["seq"], 21);
    EXPECT_EQ(plugin->status().under_way, 2U);
    say({{"t", "end"}, {"id", host().heard[0]["id"]}, {"result", "ok"}}, host());
    run();
    ASSERT_EQ(host().heard.size(), 3U);
    EXPECT_EQ(host().heard[2]["event"]["seq"], 2);
    plugin->disable("for a test", {});
    run();
    EXPECT_EQ(host().heard.size(), 3U);
    EXPECT_EQ(plugin->status().under_way, 2U);
}

TEST_F(PluginCalls, EventsOfItsOwnVmsAlone) {
    declaration.own_events = true;
    take();
    PluginEvents events{[this](auto const& visit) { visit(*plugin); }, [](std::string_view) { return nullptr; },
                        world.log_path};
    Turn turn;
    turn.events.push_back({.seq = 1, .vm = "unknown", .type = EventType::state});
    turn.events.push_back({.seq = 2, .type = EventType::state});  // about none
    events.on_turn(turn);
    run();
    ASSERT_EQ(host().heard.size(), 1U);
    EXPECT_EQ(host().heard[0]["event"]["seq"], 2);
}

}  // namespace
}  // namespace apiary::plugin::test
