// When broadcasts are left out, and when they are possible again.
#include "bus/broadcast_flow.hpp"

#include <gtest/gtest.h>

namespace apiary::bus {
namespace {

using Change = BroadcastFlow::Change;
constexpr std::size_t mega = std::size_t{1024} * 1024;

TEST(BroadcastFlow, asks_every_so_often) {
    BroadcastFlow flow;
    EXPECT_EQ(flow.sent(BroadcastFlow::ask_after - 1), Change::none);
    EXPECT_FALSE(flow.should_ask());
    EXPECT_EQ(flow.sent(1), Change::none);
    EXPECT_TRUE(flow.should_ask());
    flow.asked();
    EXPECT_EQ(flow.sent(2 * mega), Change::none);
    EXPECT_FALSE(flow.should_ask());  // one question at a time
    EXPECT_EQ(flow.answered(0), Change::none);
    EXPECT_TRUE(flow.should_ask());
}

TEST(BroadcastFlow, closes_when_much_is_kept_and_opens_when_little_is) {
    BroadcastFlow flow;
    flow.asked();
    EXPECT_EQ(flow.answered(BroadcastFlow::most_kept - 1), Change::none);
    EXPECT_TRUE(flow.open());
    flow.asked();
    EXPECT_EQ(flow.answered(BroadcastFlow::most_kept), Change::closed);
    EXPECT_FALSE(flow.open());
    flow.left_out();
    flow.left_out();
    flow.asked();
    EXPECT_EQ(flow.answered(BroadcastFlow::most_kept), Change::none);
    flow.asked();
    EXPECT_EQ(flow.answered(BroadcastFlow::enough_room + 1), Change::none);
    EXPECT_FALSE(flow.open());
    flow.asked();
    EXPECT_EQ(flow.answered(BroadcastFlow::enough_room), Change::opened);
    EXPECT_TRUE(flow.open());
    EXPECT_EQ(flow.take_left_out(), 2U);
    EXPECT_EQ(flow.take_left_out(), 0U);
}

TEST(BroadcastFlow, closes_when_no_answer_comes) {
    BroadcastFlow flow;
    flow.asked();
    EXPECT_EQ(flow.sent(BroadcastFlow::most_kept - 1), Change::none);
    EXPECT_EQ(flow.sent(1), Change::closed);
    EXPECT_EQ(flow.sent(1), Change::none);
    EXPECT_EQ(flow.answered(0), Change::opened);
}

TEST(BroadcastFlow, a_late_answer_ends_a_question) {
    BroadcastFlow flow;
    (void)flow.sent(mega);
    flow.asked();
    (void)flow.sent(mega);
    flow.unanswered();
    EXPECT_TRUE(flow.answers());
    EXPECT_TRUE(flow.should_ask());
}

TEST(BroadcastFlow, a_bus_that_does_not_tell_is_asked_no_more) {
    BroadcastFlow flow;
    (void)flow.sent(mega);
    flow.asked();
    flow.never_answers();
    EXPECT_EQ(flow.sent(2 * BroadcastFlow::most_kept), Change::none);
    EXPECT_FALSE(flow.should_ask());
    EXPECT_TRUE(flow.open());
    EXPECT_EQ(flow.close(), Change::closed);
    EXPECT_EQ(flow.close(), Change::none);
    EXPECT_EQ(flow.reopen(), Change::opened);
    EXPECT_EQ(flow.reopen(), Change::none);
}

}  // namespace
}  // namespace apiary::bus
