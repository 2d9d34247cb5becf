// Stamps, windows and pauses of the failure policy, without a VM.
#include "vm/restart_policy.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace apiary::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

auto at(Duration since) -> WallTime {
    return WallTime{std::chrono::duration_cast<WallTime::duration>(hours{1000} + since)};
}

auto history(std::initializer_list<seconds> stamps, RestartLimit limit = {}) -> RestartHistory {
    RestartHistory made;
    for (auto const stamp : stamps) {
        made.add(at(stamp), limit);
    }
    return made;
}

auto pause(RestartHistory const& of, Duration now) -> Duration {
    return of.pause(at(now), seconds{1}, minutes{5});
}

TEST(RestartPolicy, WhatIsFollowedByAStart) {
    for (auto const reason :
         {Reason::guest_poweroff, Reason::guest_reboot, Reason::guest_halt, Reason::guest_panic, Reason::triple_fault,
          Reason::killed, Reason::error, Reason::veto, Reason::step_failed, Reason::step_timeout,
          Reason::loader_timeout, Reason::no_resources, Reason::exec_failed, Reason::recovered, Reason::unknown}) {
        EXPECT_TRUE(restarts_after(reason)) << to_string(reason);
    }
    for (auto const reason : {Reason::none, Reason::requested, Reason::stop_timeout, Reason::host_shutdown,
                              Reason::plugin_unavailable, Reason::restart_limit}) {
        EXPECT_FALSE(restarts_after(reason)) << to_string(reason);
    }
}

TEST(RestartHistory, ThreeAreFineAndTheFourthIsTooMany) {
    RestartLimit const limit{.restarts = 3, .within = seconds{30}};
    RestartHistory known;
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(known.is_used_up(limit, at(seconds{i}))) << i;
        known.add(at(seconds{i}), limit);
    }
    EXPECT_TRUE(known.is_used_up(limit, at(seconds{3})));
    EXPECT_TRUE(known.is_used_up(limit, at(seconds{29})));
    EXPECT_FALSE(known.is_used_up(limit, at(seconds{30})));  // the first is 30 s old
    EXPECT_EQ(known.count(limit, at(seconds{30})), 2U);
}

TEST(RestartHistory, NoRestartsAtAll) {
    EXPECT_TRUE(RestartHistory{}.is_used_up({.restarts = 0, .within = seconds{30}}, at({})));
}

TEST(RestartHistory, AClockThatWasSetBackSaysNothing) {
    auto known = history({seconds{100}, seconds{101}, seconds{102}});
    EXPECT_TRUE(known.is_used_up({}, at(seconds{103})));
    EXPECT_FALSE(known.is_used_up({}, at(seconds{50})));
    EXPECT_EQ(pause(known, seconds{50}), seconds{1});
    known.add(at(seconds{50}), {});
    EXPECT_EQ(known.stamps(), std::vector<WallTime>{at(seconds{50})});
}

TEST(RestartHistory, PausesDoubleInARowUpToABound) {
    RestartHistory known;
    Duration now{};
    std::vector<Duration> pauses;
    for (int i = 0; i < 12; ++i) {
        pauses.push_back(pause(known, now));
        now += pauses.back();
        known.add(at(now), {});
    }
    EXPECT_EQ(pauses, (std::vector<Duration>{seconds{1}, seconds{2}, seconds{4}, seconds{8}, seconds{16}, seconds{32},
                                             seconds{64}, seconds{128}, seconds{256}, seconds{300}, seconds{300},
                                             seconds{300}}));
    EXPECT_EQ(pause(known, now + minutes{9}), seconds{300});
    EXPECT_EQ(pause(known, now + minutes{10}), seconds{1});  // it ran for long: another row
}

TEST(RestartHistory, ARowEndsAtItsGap) {
    auto const known = history({seconds{0}, seconds{5}, seconds{2000}, seconds{2001}});
    EXPECT_EQ(pause(known, seconds{2002}), seconds{4});
}

TEST(RestartHistory, KeepsWhatMayCountAndNoMore) {
    RestartLimit const few{.restarts = 3, .within = seconds{30}};
    RestartHistory known;
    for (int i = 0; i < 5000; ++i) {
        known.add(at(minutes{i}), few);
    }
    EXPECT_LE(known.stamps().size(), 20U);
    EXPECT_EQ(pause(known, minutes{5000}), minutes{5});
    RestartLimit const many{.restarts = 1'000'000, .within = hours{24 * 365}};
    for (int i = 5000; i < 8000; ++i) {
        known.add(at(minutes{i}), many);
    }
    EXPECT_EQ(known.stamps().size(), RestartHistory::most);
    EXPECT_TRUE(known.is_used_up(many, at(minutes{8000})));  // as many as are kept
    known.clear();
    EXPECT_TRUE(known.stamps().empty());
}

TEST(RestartHistory, InWords) {
    RestartLimit const limit{.restarts = 3, .within = seconds{30}};
    EXPECT_EQ(limit_text(3, limit, Reason::killed, "signal 9"),
              "it was restarted 3 times within 30 s (maxrestart, maxrestarttime); its last end: killed: signal 9");
    EXPECT_EQ(limit_text(1, {.restarts = 1, .within = seconds{9}}, Reason::guest_reboot, ""),
              "it was restarted 1 time within 9 s (maxrestart, maxrestarttime); its last end: guest-reboot");
    EXPECT_EQ(limit_text(0, {.restarts = 0, .within = seconds{9}}, Reason::guest_reboot, ""),
              "it may not be restarted (maxrestart is 0); its last end: guest-reboot");
    WallTime const due{std::chrono::microseconds{1'763'683'865'000'000}};
    EXPECT_EQ(restart_text(2, limit, due, "signal 9"),
              "it is started again at 2025-11-21T00:11:05Z (restart 2 of at most 3 within 30 s); its end: signal 9");
    EXPECT_EQ(restart_text(1, limit, due, ""),
              "it is started again at 2025-11-21T00:11:05Z (restart 1 of at most 3 within 30 s)");
}

}  // namespace
}  // namespace apiary::test
