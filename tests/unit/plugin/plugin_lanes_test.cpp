// A plugin's calls about one VM: one at a time, and what waits costs nobody a strike.
#include "plugin_fixture.hpp"

namespace apiary::plugin::test {
namespace {

class PluginLanes : public PluginFixture {
protected:
    void event(std::uint64_t seq, std::string const& vm) {
        PluginEvents events{[this](auto const& visit) { visit(*plugin); }, [](std::string_view) { return nullptr; }};
        Turn turn;
        turn.events.push_back({.seq = seq, .vm = vm, .type = EventType::state});
        events.on_turn(turn);
        run();
    }
};

TEST_F(PluginLanes, TheTimeOfACallBeginsWhenThoseBeforeItHaveEnded) {
    declaration.event_timeout = seconds{10};
    take();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        event(i, "vm");
    }
    for (std::size_t i = 1; i <= 3; ++i) {
        EXPECT_EQ(host().heard.size(), i) << "one at a time";
        loop.advance(seconds{9});  // slow, and allowed
        run();
        answer("event");
    }
    EXPECT_EQ(heard(host()), (Words{"event 0", "event 0", "event 0"})) << "none was canceled";
    EXPECT_EQ(plugin->status().strikes, 0U);
    EXPECT_EQ(plugin->status().calls, 3U);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(PluginLanes, AnEventBehindASlowPrestartIsNoHang) {
    declaration.event_timeout = seconds{10};
    take();
    auto const begun = prestart(1);
    step->cancel(1);  // it does not heed it
    event(1, "vm");
    event(2, "other");  // nobody else waits
    answer("event");
    loop.advance(seconds{19});
    run();
    answer("prestart", "failed", Json::array(), "canceled");
    ASSERT_TRUE(*begun);
    EXPECT_EQ((*begun)->text, "canceled");
    answer("event");
    EXPECT_EQ(plugin->status().strikes, 0U);
    EXPECT_FALSE(host().killed);
}

TEST_F(PluginLanes, ReloadsFollowEachOther) {
    declaration.has.reload = true;
    declaration.event_timeout = seconds{10};
    take();
    plugin->begin_early();
    run();
    for (int i = 0; i < 3; ++i) {
        plugin->reload();
    }
    run();
    for (std::size_t i = 1; i <= 3; ++i) {
        EXPECT_EQ(host().heard.size(), i);
        loop.advance(seconds{9});
        run();
        answer("reload");
    }
    EXPECT_EQ(plugin->status().strikes, 0U);
}

TEST_F(PluginLanes, WhatWaitsForItsTurnIsCalledOffAtOnce) {
    take();
    event(1, "vm");
    auto const begun = prestart(1);
    EXPECT_EQ(heard(host()), Words{"event 0"});
    step->cancel(1);
    run();
    ASSERT_TRUE(*begun);
    EXPECT_EQ((*begun)->kind, StepResult::Kind::veto) << "the plugin has not heard of it";
    answer("event");
    EXPECT_EQ(heard(host()), Words{"event 0"});
    EXPECT_EQ(plugin->status().under_way, 0U);
}

TEST_F(PluginLanes, ManyHangsOfOneProcessAreOneStrike) {
    take();
    std::vector<std::shared_ptr<std::optional<StepResult>>> all;
    for (std::uint64_t i = 1; i <= 5; ++i) {
        all.push_back(prestart(i, "vm" + std::to_string(i)));
    }
    loop.advance(seconds{25});  // and 5 s to end when they are canceled
    run();
    for (auto const& one : all) {
        ASSERT_TRUE(*one);
        EXPECT_EQ((*one)->reason, Reason::step_timeout);
    }
    EXPECT_TRUE(host().killed);
    EXPECT_EQ(plugin->status().strikes, 1U);
    EXPECT_EQ(plugin->fault(), "");
}

TEST_F(PluginLanes, ANewProcessHasNoneOfTheOldOnesLanes) {
    take();
    (void)prestart(1);
    auto const next = poststop(2);
    end(host(), 11);
    run();
    loop.advance(seconds{1});
    run();
    EXPECT_EQ(heard(host()), Words{"poststop 2"});
    answer("poststop");
    EXPECT_EQ((*next)->kind, StepResult::Kind::ok);
}

}  // namespace
}  // namespace apiary::plugin::test
