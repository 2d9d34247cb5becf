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

// As measured of a guest that boots within 0.1 s and reboots at once, on a quiet and on an overloaded machine.
TEST(ResetMerger, QuickRebootsAreCounted) {
    EXPECT_EQ(reboots(true, {0, 60, 250, 310, 500, 560}), 3);
    EXPECT_EQ(reboots(true, {0, 612, 2125, 2717, 3915, 4516}), 3);
    EXPECT_EQ(reboots(true, {0, 628, 2230, 2872, 2907, 3932, 4485}), 3);
    EXPECT_EQ(reboots(true, {0, 200, 300, 900, 1100}), 2);
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
