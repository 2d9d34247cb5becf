// What a plugin with APIARY_PLUGIN_REPLAY is told anew: of VMs that are up as its process begins, of one whose event
// was lost.
#include "plugin_fixture.hpp"

namespace apiary::plugin::test {
namespace {

class PluginReplay : public PluginFixture {
protected:
    PluginReplay() {
        declaration.replay = true;
        world.vms_up = [this] { return up; };
        world.state_now = [this](Plugin& of, std::string const& vm) { return events.state_now(of, vm); };
    }
    void happens(std::string const& vm, std::uint64_t seq) {
        Turn turn;
        turn.events.push_back({.seq = seq, .vm = vm, .type = EventType::state});
        events.on_turn(turn);
    }
    void answer_all() {
        for (bool any = true; any;) {
            any = false;
            for (auto& one : host().heard) {
                if (one["t"] == "call" && !one.contains("answered")) {
                    one["answered"] = any = true;
                    say({{"t", "end"}, {"id", one["id"]}, {"result", "ok"}}, host());
                }
            }
            run();
        }
    }
    // The VMs of which it was told, in order; those of replays alone.
    auto told(bool replays) -> Words {
        Words all;
        for (auto const& one : host().heard) {
            if (one["t"] == "call" && one["event"]["fields"].contains("replay") == replays) {
                all.push_back(one["vm"]["name"]);
            }
        }
        return all;
    }

    Words up{"db", "web"};
    PluginEvents events{[this](auto const& visit) { visit(*plugin); }, [](std::string_view) { return nullptr; },
                        [](Definition const&) { return std::string{}; }};
};

TEST_F(PluginReplay, OfAllThatAreUpAsItsProcessBegins) {
    take();
    plugin->begin_early();
    run();
    ASSERT_EQ(told(true), (Words{"db", "web"}));
    auto const event = host().heard.front()["event"];
    EXPECT_EQ(event["type"], "state");
    EXPECT_EQ(event["seq"], 0);
    EXPECT_EQ(event["fields"]["state"], "stopped");  // of this name there is none any more
    EXPECT_FALSE(event["fields"].contains("old-state"));
    answer_all();
    EXPECT_EQ(plugin->status().under_way, 0U);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(PluginReplay, NobodyElseIsTold) {
    declaration.replay = false;
    take();
    plugin->begin_early();
    run();
    EXPECT_TRUE(host().heard.empty());
    end(host(), 9);
    run();
    EXPECT_EQ(spawner.hosts.size(), 1U);  // the next call starts it
}

TEST_F(PluginReplay, AProcessThatEndsIsStartedForIt) {
    take();
    plugin->begin_early();
    run();
    answer_all();
    up = {"mail"};
    end(host(), 9);
    run();
    loop.advance(seconds{2});
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U);
    EXPECT_EQ(told(true), Words{"mail"});
    EXPECT_EQ(plugin->status().strikes, 0U);
}

TEST_F(PluginReplay, WhereNothingIsUpAProcessThatEndsStaysAway) {
    up.clear();
    take();
    plugin->begin_early();
    run();
    end(host(), 9);
    run();
    loop.advance(minutes{5});
    run();
    EXPECT_EQ(spawner.hosts.size(), 1U);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(PluginReplay, AProcessThatCannotBeStartedIsTriedAgain) {
    take();
    spawner.error = EAGAIN;
    plugin->begin_early();
    run();
    spawner.error = 0;
    loop.advance(seconds{2});
    run();
    ASSERT_EQ(spawner.hosts.size(), 1U);
    EXPECT_EQ(told(true), (Words{"db", "web"}));
}

TEST_F(PluginReplay, OneThatNeverGetsReadyIsDisabledInTheEnd) {
    take();
    silent = true;
    plugin->begin_early();
    for (int i = 0; i < 8; ++i) {
        run();
        if (host().ended) {
            end(host(), 1);
        }
        run();
        loop.advance(seconds{10});
    }
    EXPECT_EQ(plugin->status().state, PluginState::disabled);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(PluginReplay, OneThatIsDisabledIsToldOfNothing) {
    take();
    plugin->begin_early();
    run();
    answer_all();
    plugin->disable("by hand", {});
    run();
    end(host(), 0);
    run();
    loop.advance(minutes{5});
    run();
    EXPECT_EQ(spawner.hosts.size(), 1U);
}

TEST_F(PluginReplay, WhatWasLostToItIsToldAfterAllThatHappened) {
    up.clear();
    take();
    silent = true;  // not ready yet
    for (std::size_t i = 0; i < Plugin::most_events_of_a_vm + 5; ++i) {
        happens("lost", i + 1);
    }
    run();
    say(to_frame(declaration), host());
    run();
    answer_all();
    EXPECT_TRUE(told(true).empty());  // its process has just begun, and nothing is up

    host().heard.clear();
    for (std::size_t i = 0; i < Plugin::most_events_of_a_vm + 5; ++i) {
        happens("lost", i + 1);
    }
    happens("other", 1);
    run();
    answer_all();
    EXPECT_EQ(told(false).size(), Plugin::most_events_of_a_vm + 2);
    ASSERT_EQ(told(true), Words{"lost"});
    EXPECT_TRUE(host().heard.back()["event"]["fields"].contains("replay"));
}

}  // namespace
}  // namespace apiary::plugin::test
