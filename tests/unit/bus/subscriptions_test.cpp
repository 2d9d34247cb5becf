// Subscriptions: filters, limits, flow control.
#include "bus/subscriptions.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bus/errors.hpp"
#include "unit/bus/user.hpp"

namespace apiary::bus {
namespace {

using testing::user;

constexpr std::size_t kib = 1024;

// As the sender of signals uses it: true where one of so many bytes was sent.
auto admit(Flow& flow, std::size_t bytes) -> bool {
    if (flow.stalled()) {
        flow.withhold();
        return false;
    }
    flow.sent(bytes);
    return true;
}

TEST(SignalFilter, withoutNamesWantsEverything) {
    SignalFilter const filter{{}, {}};
    EXPECT_TRUE(filter.wants_vm("any"));
    EXPECT_TRUE(filter.wants_type("state"));
}

TEST(SignalFilter, comparesNamesWithoutCaseAndTypesExactly) {
    SignalFilter const filter{{"Web", "db"}, {"state", "job-end"}};
    EXPECT_TRUE(filter.wants_vm("WEB"));
    EXPECT_TRUE(filter.wants_vm("db"));
    EXPECT_FALSE(filter.wants_vm("web2"));
    EXPECT_TRUE(filter.wants_type("job-end"));
    EXPECT_FALSE(filter.wants_type("step"));
}

TEST(SignalFilter, isBounded) {
    std::vector<std::string> names;
    for (int number = 0; number <= 256; ++number) {
        names.push_back("vm" + std::to_string(number));
    }
    EXPECT_THROW((SignalFilter{names, {}}), Fault);
    EXPECT_THROW((SignalFilter{{}, names}), Fault);
}

TEST(Subscriptions, theLastCallReplacesTheFilter) {
    Subscriptions all;
    EXPECT_TRUE(all.put(":1.1", user(1000), SignalFilter{{"a"}, {}}));
    EXPECT_FALSE(all.put(":1.1", user(1000), SignalFilter{{"b"}, {}}));
    EXPECT_EQ(all.size(), 1U);
    EXPECT_TRUE(all.find(":1.1")->filter.wants_vm("b"));
    EXPECT_FALSE(all.find(":1.1")->filter.wants_vm("a"));
    EXPECT_TRUE(all.remove(":1.1"));
    EXPECT_FALSE(all.remove(":1.1"));
    EXPECT_EQ(all.find(":1.1"), nullptr);
}

TEST(Subscriptions, areBoundedForEachUserAndInAll) {
    Subscriptions all;
    for (std::size_t number = 0; number < Subscriptions::max_all; ++number) {
        auto const uid = static_cast<uid_t>(number / Subscriptions::max_of_user);
        all.put(":1." + std::to_string(number), user(uid), {});
        if (number + 1 == Subscriptions::max_of_user) {
            EXPECT_THROW(all.put(":2.1", user(uid), {}), Fault);
        }
    }
    EXPECT_THROW(all.put(":2.2", user(9999), {}), Fault);
    EXPECT_NO_THROW(all.put(":1.0", user(0), {}));  // not a new one
}

TEST(Flow, asksAfterSoMuchAndOnlyOnceAtATime) {
    Flow flow;
    EXPECT_TRUE(admit(flow, Flow::ask_after - 1));
    EXPECT_FALSE(flow.should_ask());
    EXPECT_TRUE(admit(flow, 1));
    EXPECT_TRUE(flow.should_ask());
    flow.asked();
    EXPECT_FALSE(flow.should_ask());
    EXPECT_TRUE(admit(flow, Flow::ask_after));
    EXPECT_FALSE(flow.should_ask());
    EXPECT_EQ(flow.answered(), 0U);
    EXPECT_TRUE(flow.should_ask());  // for what was sent meanwhile
}

TEST(Flow, aReaderThatKeepsUpNeverStalls) {
    Flow flow;
    for (int number = 0; number < 10'000; ++number) {
        ASSERT_TRUE(admit(flow, kib));
        if (flow.should_ask()) {
            flow.asked();
            EXPECT_EQ(flow.answered(), 0U);
        }
    }
}

TEST(Flow, withholdsBeyondTheWindowAndTellsHowMuch) {
    Flow flow;
    std::uint64_t withheld = 0;
    for (std::size_t sent = 0; sent < 2 * Flow::window; sent += kib) {
        withheld += admit(flow, kib) ? 0 : 1;
        if (flow.should_ask()) {
            flow.asked();
        }
    }
    EXPECT_EQ(withheld, Flow::window / kib);
    EXPECT_TRUE(flow.stalled());
    EXPECT_EQ(flow.answered(), withheld);  // the first 64 KiB were read: there is room again
    EXPECT_FALSE(flow.stalled());
    EXPECT_TRUE(admit(flow, kib));
}

TEST(Flow, aGapLastsUntilItWasTold) {
    Flow flow;
    EXPECT_TRUE(admit(flow, Flow::window));
    EXPECT_TRUE(flow.should_ask());
    flow.asked();
    EXPECT_FALSE(admit(flow, 1));
    EXPECT_FALSE(admit(flow, 1));
    EXPECT_EQ(flow.answered(), 2U);
    EXPECT_TRUE(admit(flow, 1));
    EXPECT_FALSE(flow.should_ask());
}

TEST(Flow, whatWasWithheldForAnotherReasonIsToldToo) {
    Flow flow;
    flow.withhold();  // the bus took nothing
    EXPECT_TRUE(flow.stalled());
    EXPECT_TRUE(flow.should_ask());
    flow.asked();
    EXPECT_EQ(flow.answered(), 1U);
    EXPECT_FALSE(flow.stalled());
    EXPECT_FALSE(flow.should_ask());
}

TEST(Flow, oneSignalMayBeLargerThanTheWindow) {
    Flow flow;
    EXPECT_TRUE(admit(flow, 10 * Flow::window));
    EXPECT_FALSE(admit(flow, 1));
    flow.asked();
    EXPECT_EQ(flow.answered(), 1U);
    EXPECT_TRUE(admit(flow, 1));
}

}  // namespace
}  // namespace apiary::bus
