// A plugin's calls: their order, their answers, and the events that it is told.
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

TEST_F(PluginCalls, OneThatIsDisabledIsThatAlsoWithoutItsFile) {
    take();
    plugin->disable("by hand", {});
    plugin->lose();
    run();
    EXPECT_FALSE(plugin->is_gone());
    EXPECT_EQ(plugin->status().state, PluginState::disabled);
    EXPECT_EQ(plugin->status().error, "by hand; its file is not there");
    EXPECT_EQ(plugin->fault(),
              "is disabled: by hand, and its file is not there: install it; `apiaryctl plugin enable web` brings it "
              "back then");
    plugin->enable({});
    run();
    EXPECT_TRUE(plugin->is_gone());
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

TEST_F(PluginCalls, OneThatIsNotNeededHoldsUpNoStart) {
    declaration.not_needed = true;
    take();
    spawner.error = ENOENT;
    auto const result = prestart(1);
    loop.advance(seconds{1});
    ASSERT_TRUE(*result);
    EXPECT_EQ((*result)->kind, Kind::ok);
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
