// What is held back from a plugin: calls about one VM come one at a time, and no more than the process reads.
#include <map>

#include "plugin_fixture.hpp"

namespace apiary::plugin::test {
namespace {

class PluginLanes : public PluginFixture {
protected:
    void event(std::uint64_t seq, std::string const& vm) {
        PluginEvents events{[this](auto const& visit) { visit(*plugin); }, [](std::string_view) { return nullptr; },
                            world.log_path};
        Turn turn;
        turn.events.push_back({.seq = seq, .vm = vm, .type = EventType::state});
        events.on_turn(turn);
        run();
    }
    // In one piece, as of a process that does not wait to be read.
    void write_lines(std::size_t count) {
        constexpr std::string_view frame = R"({"t":"log","level":2,"text":"a line"})";
        std::string bytes;
        for (std::size_t i = 0; i < count; ++i) {
            bytes += std::string{static_cast<char>(frame.size()), 0, 0, 0} + std::string{frame};
        }
        ASSERT_EQ(::write(host().channel.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
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

TEST_F(PluginLanes, AProcessThatReadsNothingIsKilledBeforeItFillsTheDaemon) {
    take();
    auto const begun = prestart(1);
    world.bus = std::string(std::size_t{1024} * 1024, 'x');
    for (std::size_t told = 0; told <= PluginProcess::most_waiting_bytes; told += world.bus.size()) {
        plugin->bus_changed();
        loop.run_ready();  // and it does not read
    }
    EXPECT_TRUE(host().killed);
    run();
    ASSERT_TRUE(*begun);
    EXPECT_NE((*begun)->text.find("does not read"), std::string::npos) << (*begun)->text;
}

TEST_F(PluginLanes, ManyLargeCallsWaitUntilItHasRead) {
    std::string const large(std::size_t{3} * 1024 * 1024, 'x');
    world.settings = [&large](Definition const&, std::string const&) { return Settings{{"web.key", {large}}}; };
    take();
    plugin->begin_early();
    run();
    constexpr std::uint64_t calls = 6;
    for (std::uint64_t i = 1; i <= calls; ++i) {
        step->prestart(call_of(i, "vm" + std::to_string(i)), [](StepResult const&) {});
    }
    loop.run_ready();
    EXPECT_LT(plugin->status().under_way, 4U);
    for (int i = 0; i < 1000 && host().heard.size() < calls; ++i) {
        run();
    }
    EXPECT_EQ(host().heard.size(), calls);
    EXPECT_FALSE(host().killed);
}

TEST_F(PluginLanes, SecretsAreAskedForSoOftenAtOnceAndNoMore) {
    take();
    (void)prestart(1);
    constexpr std::size_t more = 50;
    auto const answers = [this](int error) {
        return static_cast<std::size_t>(std::ranges::count_if(host().heard, [error](Json const& one) {
            return one["t"] == "secret" && one.contains("error") && one["error"] == error;
        }));
    };
    loop.hold_work = true;
    for (std::uint64_t ask = 1; ask <= Plugin::most_asks + more; ++ask) {
        say({{"t", "secret"}, {"ask", ask}, {"name", "door"}}, host());
        run();
    }
    EXPECT_EQ(answers(EAGAIN), more);
    EXPECT_EQ(answers(ENOENT), 0U);
    loop.hold_work = false;
    run();
    EXPECT_EQ(answers(ENOENT), Plugin::most_asks) << "those that were taken are answered";
    say({{"t", "secret"}, {"ask", 9000}, {"name", "door"}}, host());
    say({{"t", "secret"}, {"ask", 9001}, {"name", std::string(1000, 'x')}}, host());
    run();
    EXPECT_EQ(answers(ENOENT), Plugin::most_asks + 1);
    EXPECT_EQ(answers(EINVAL), 1U);
}

TEST_F(PluginLanes, WhatOneWritesAtOnceIsTakenInSeveralTurnsOfTheLoop) {
    take();
    (void)prestart(1);
    constexpr std::size_t lines = 900;
    write_lines(lines);
    auto const before = log.size();
    std::size_t last = before;
    std::size_t most = 0;
    loop.before_each = [&] {
        most = std::max(most, log.size() - last);
        last = log.size();
    };
    run();
    loop.before_each = nullptr;
    most = std::max(most, log.size() - last);
    EXPECT_EQ(log.size() - before, lines);
    EXPECT_LE(most, 256U);
}

TEST_F(PluginLanes, WhatADeadOneHasWrittenIsReadToItsEnd) {
    take();
    (void)prestart(1);
    auto const before = log.size();
    constexpr std::size_t lines = 600;
    write_lines(lines);
    end(host(), 11);
    run();
    EXPECT_GE(log.size() - before, lines);
}

TEST_F(PluginLanes, DetailsOfItsEventsHaveNames) {
    std::map<std::string, std::string> noted;
    world.note = [&noted](std::string const&, std::map<std::string, std::string> details) {
        noted = std::move(details);
    };
    take();
    (void)prestart(1);
    say({{"t", "emit"},
         {"vm", "vm"},
         {"text", "the disk is full"},
         {"details",
          {{"disk-0_used", "100 %"},
           {"", "none"},
           {"x\nvm=other event=state from=running to=stopped", "forged"},
           {"Disk", "upper"},
           {std::string(65, 'x'), "long"},
           {std::string(64, 'y'), "as long as may be"}}}},
        host());
    run();
    EXPECT_EQ(noted, (std::map<std::string, std::string>{{"disk-0_used", "100 %"},
                                                         {std::string(64, 'y'), "as long as may be"},
                                                         {"plugin", "web"},
                                                         {"text", "the disk is full"}}));
}

TEST_F(PluginLanes, AStartThatFailsOnceCostsNobodyACall) {
    take();
    silent = true;
    auto const begun = prestart(1);
    end(host(), 9);
    run();
    EXPECT_FALSE(*begun);
    silent = false;
    loop.advance(seconds{1});
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U);
    answer("prestart");
    ASSERT_TRUE(*begun);
    EXPECT_EQ((*begun)->kind, StepResult::Kind::ok);
    EXPECT_EQ(plugin->status().strikes, 0U) << "no call had begun";
}

TEST_F(PluginLanes, AStartThatFailsTwiceIsAStrikeAndLeavesTheVmToItsPolicy) {
    take();
    silent = true;
    for (unsigned i = 1; i <= 2; ++i) {
        auto const begun = prestart(i);
        for (int j = 0; j < 2; ++j) {
            loop.advance(seconds{5});
            run();
            EXPECT_FALSE(*begun);
            end(host(), 9);
            run();
        }
        ASSERT_TRUE(*begun);
        EXPECT_EQ((*begun)->kind, StepResult::Kind::veto) << "it has not heard of it";
        EXPECT_EQ((*begun)->reason, Reason::step_failed);
        EXPECT_EQ(plugin->status().strikes, i);
    }
    auto const undo = poststop(3);
    for (int j = 0; j < 2; ++j) {
        loop.advance(seconds{5});
        run();
        end(host(), 9);
        run();
    }
    ASSERT_TRUE(*undo);
    EXPECT_EQ((*undo)->kind, StepResult::Kind::failed);
    EXPECT_EQ((*undo)->reason, Reason::plugin_unavailable) << "the third strike has disabled it";
}

TEST_F(PluginLanes, EventsOfItsOwnThatAreTooManyAreToldOf) {
    std::size_t noted = 0;
    world.note = [&noted](std::string const&, std::map<std::string, std::string> const&) { ++noted; };
    take();
    (void)prestart(1);
    for (int i = 0; i < 1003; ++i) {
        say({{"t", "emit"}, {"text", "again"}}, host());
        run();
    }
    EXPECT_EQ(noted, 1000U);
    loop.advance(seconds{1});
    say({{"t", "emit"}, {"text", "later"}}, host());
    run();
    EXPECT_EQ(noted, 1001U);
    EXPECT_NE(log.back().find("3 messages and events of it were left out"), std::string::npos) << log.back();
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

TEST_F(PluginLanes, ASpentProcessIsReplacedWhenItsCallsHaveEnded) {
    take();
    auto const one = prestart(1);
    auto const two = prestart(2, "other");
    auto& first = host();
    say({{"t", "spent"}, {"text", "it leaves descriptors open"}}, first);
    answer("prestart");
    EXPECT_EQ((*one)->kind, StepResult::Kind::ok);
    auto const three = prestart(3, "third");  // waits for the next process
    EXPECT_EQ(heard(first), (Words{"prestart 1", "prestart 2"}));
    answer("prestart");
    EXPECT_EQ((*two)->kind, StepResult::Kind::ok);
    EXPECT_EQ(heard(first).back(), "quit");
    end(first, 0);
    run();
    ASSERT_EQ(spawner.hosts.size(), 2U);
    EXPECT_EQ(heard(host()), Words{"prestart 3"});
    answer("prestart");
    EXPECT_EQ((*three)->kind, StepResult::Kind::ok);
    EXPECT_EQ(plugin->status().strikes, 0U);
    EXPECT_NE(plugin->status().error.find("descriptors"), std::string::npos);
}

}  // namespace
}  // namespace apiary::plugin::test
