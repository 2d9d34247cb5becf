// The details of a reload within their bounds.
#include "bus/vm_config.hpp"

#include <gtest/gtest.h>

namespace apiary::bus {
namespace {

auto plan(std::string name) -> VmChangePlan {
    VmChangePlan made;
    made.name = std::move(name);
    made.effect = ChangeEffect::next_cold_start;
    made.keys.push_back({.key = "memory", .before = {"1G"}, .after = {"2G"}, .effect = ChangeEffect::next_cold_start});
    return made;
}

TEST(BoundedDetails, WhatFitsIsToldAsItIs) {
    std::vector<VmChangePlan> const plans{plan("web"), plan("db")};
    auto const told = bounded_details(plans);
    EXPECT_TRUE(told.complete);
    EXPECT_EQ(told.plans, plans);
}

TEST(BoundedDetails, ManyVms) {
    std::vector<VmChangePlan> const plans(1001, plan("web"));
    auto const told = bounded_details(plans);
    EXPECT_FALSE(told.complete);
    EXPECT_EQ(told.plans.size(), 1000U);
}

TEST(BoundedDetails, ManyValuesAndLongOnes) {
    auto one = plan("web");
    one.keys[0].after.assign(101, "x");
    auto told = bounded_details({one});
    EXPECT_FALSE(told.complete);
    EXPECT_EQ(told.plans.at(0).keys.at(0).after.size(), 100U);
    one.keys[0].after = {std::string(2000, 'x')};
    told = bounded_details({one});
    EXPECT_FALSE(told.complete);
    EXPECT_EQ(told.plans.at(0).keys.at(0).after.at(0).size(), 1024U);
}

TEST(BoundedDetails, AllTogetherAtMostOneMebibyte) {
    auto one = plan("web");
    one.keys.assign(50, one.keys[0]);
    for (auto& key : one.keys) {
        key.after.assign(100, std::string(1000, 'x'));
    }
    auto const told = bounded_details({one, one});
    EXPECT_FALSE(told.complete);
    std::size_t bytes = 0;
    for (auto const& shown : told.plans) {
        for (auto const& key : shown.keys) {
            for (auto const& value : key.after) {
                bytes += value.size();
            }
        }
    }
    EXPECT_LE(bytes, 1024U * 1024U);
    EXPECT_GT(bytes, 1000U * 1000U);
}

TEST(BoundedDetails, TextsAreFitForTheBus) {
    auto one = plan("web");
    one.keys[0].after = {"a\xff"};
    EXPECT_EQ(bounded_details({one}).plans.at(0).keys.at(0).after.at(0), "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace apiary::bus
