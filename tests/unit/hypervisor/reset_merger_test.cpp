#include "hypervisor/reset_merger.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace apiary::hypervisor {
namespace {

constexpr std::int64_t ms = 1000;

auto reboots(bool seabios, std::vector<std::int64_t> const& times_ms) -> int {
    ResetMerger merger{seabios};
    int count = 0;
    for (auto const time : times_ms) {
        count += merger.begins_reboot(1'000'000'000 + time * ms, false) ? 1 : 0;
    }
    return count;
}

TEST(ResetMerger, SeabiosDoublesEachReset) {
    EXPECT_EQ(reboots(true, {0, 45}), 1);
    EXPECT_EQ(reboots(true, {0, 1100}), 1);
    EXPECT_EQ(reboots(true, {0, 45, 46}), 1);
}

// As measured on an overloaded machine: its request is seen twice, and what that interrupts begins anew.
TEST(ResetMerger, SeabiosMayBeginAnew) {
    EXPECT_EQ(reboots(true, {0, 118, 127, 415}), 1);
    EXPECT_EQ(reboots(true, {0, 104, 107, 157, 167, 341}), 1);
    EXPECT_EQ(reboots(true, {0, 1127, 1137}), 1);
}

// Where the processors have five times more to do than they can.
TEST(ResetMerger, SeabiosMayBeginAnewLate) {
    EXPECT_EQ(reboots(true, {0, 950, 981, 1931}), 1);
    EXPECT_EQ(reboots(true, {0, 3, 950, 981, 1931}), 1);
    EXPECT_EQ(reboots(true, {0, 1200, 1230, 4500, 4510, 7000}), 1);
    EXPECT_EQ(reboots(true, {0, 45, 46, 2000}), 2);  // SeaBIOS is quick here
}

TEST(ResetMerger, TheNextRebootCounts) {
    EXPECT_EQ(reboots(true, {0, 60, 2000, 2060, 4000, 4060}), 3);
    EXPECT_EQ(reboots(true, {0, 612, 2125, 2717, 4515, 5116}), 3);
    EXPECT_EQ(reboots(true, {0, 1307, 2900, 3900}), 2);
}

TEST(ResetMerger, AfterALongTimeItIsAReboot) {
    EXPECT_EQ(reboots(true, {0, 10'001}), 2);
}

TEST(ResetMerger, OtherFirmwareDoesNotDouble) {
    EXPECT_EQ(reboots(false, {0, 45}), 1);  // an echo of the same request
    EXPECT_EQ(reboots(false, {0, 400, 800}), 3);
}

TEST(ResetMerger, WhatTheHostAskedForCounts) {
    ResetMerger merger{true};
    EXPECT_TRUE(merger.begins_reboot(1000 * ms, true));
    EXPECT_TRUE(merger.begins_reboot(1020 * ms, true));
    EXPECT_FALSE(merger.begins_reboot(1065 * ms, false));
}

TEST(ResetMerger, AClockSetBackMergesNothing) {
    ResetMerger merger{true};
    EXPECT_TRUE(merger.begins_reboot(1000 * ms, false));
    EXPECT_TRUE(merger.begins_reboot(500 * ms, false));
}

}  // namespace
}  // namespace apiary::hypervisor
