// The cache of known callers.
#include "bus/callers.hpp"

#include <gtest/gtest.h>

#include "unit/bus/user.hpp"

namespace apiary::bus {
namespace {

using testing::user;

TEST(CallerCache, forgetsTheLeastRecentlyUsed) {
    CallerCache cache{2};
    cache.insert(":1.1", user(1));
    cache.insert(":1.2", user(2));
    EXPECT_EQ(cache.find(":1.1")->uid, 1U);
    cache.insert(":1.3", user(3));
    EXPECT_EQ(cache.size(), 2U);
    EXPECT_EQ(cache.find(":1.2"), nullptr);
    EXPECT_EQ(cache.find(":1.1")->uid, 1U);
    EXPECT_EQ(cache.find(":1.3")->uid, 3U);
}

TEST(CallerCache, insertingAgainReplaces) {
    CallerCache cache{2};
    cache.insert(":1.1", user(1));
    cache.insert(":1.1", user(7));
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_EQ(cache.find(":1.1")->uid, 7U);
}

TEST(GroupsOf, rootHasAGroupAndAnUnknownUserNone) {
    EXPECT_FALSE(groups_of(0).empty());
    EXPECT_TRUE(groups_of(4'000'000'000U).empty());
}

}  // namespace
}  // namespace apiary::bus
