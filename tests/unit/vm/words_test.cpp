// The words of the contract, the numbers of VMs, and the coroutine type.
#include <gtest/gtest.h>

#include <stdexcept>

#include "vm/event.hpp"
#include "vm/identities.hpp"
#include "vm/job.hpp"
#include "vm/state.hpp"
#include "vm/task.hpp"

namespace apiary::test {
namespace {

TEST(Words, AreReadBackAsTheyAreSpelt) {
    for (int i = 0; i <= static_cast<int>(State::failed); ++i) {
        EXPECT_EQ(state_from(to_string(static_cast<State>(i))), static_cast<State>(i));
    }
    for (int i = 0; i <= static_cast<int>(SubState::undo_pending); ++i) {
        EXPECT_EQ(sub_state_from(to_string(static_cast<SubState>(i))), static_cast<SubState>(i));
    }
    for (int i = 0; i <= static_cast<int>(Reason::unknown); ++i) {
        EXPECT_EQ(reason_from(to_string(static_cast<Reason>(i))), static_cast<Reason>(i));
    }
    for (int i = 0; i <= static_cast<int>(Target::paused); ++i) {
        EXPECT_EQ(target_from(to_string(static_cast<Target>(i))), static_cast<Target>(i));
    }
    EXPECT_FALSE(state_from("Running"));
    EXPECT_EQ(to_string(SubState::none), "");
    EXPECT_EQ(to_string(SubState::undo_pending), "undo-pending");
    EXPECT_EQ(to_string(Reason::guest_panic), "guest-panic");
    EXPECT_EQ(to_string(EventType::vm_added), "vm-added");
    EXPECT_EQ(to_string(JobResult::superseded), "superseded");
}

TEST(Identities, ANameKeepsItsNumber) {
    Identities identities;
    EXPECT_EQ(identities.id_of("a"), 0U);
    EXPECT_EQ(identities.id_of("b"), 1U);
    EXPECT_EQ(identities.id_of("A"), 0U);
}

TEST(Identities, WhatIsReservedIsNotGivenAway) {
    Identities identities;
    identities.reserve("old", 1);
    identities.reserve("older", 0);
    EXPECT_EQ(identities.id_of("new"), 2U);
    EXPECT_EQ(identities.id_of("OLD"), 1U);
    identities.reserve("new", 9);  // it has one
    EXPECT_EQ(identities.id_of("new"), 2U);
}

auto number() -> Task<int> {
    co_return 42;
}

auto thrower() -> Task<int> {
    throw std::runtime_error{"no"};
    co_return 0;
}

auto caller(bool& caught, int& got) -> Task<> {
    got = co_await number();
    try {
        got += co_await thrower();
    } catch (std::runtime_error const&) {
        caught = true;
    }
}

TEST(Tasks, HandOnResultsAndExceptions) {
    bool caught = false;
    int got = 0;
    auto task = caller(caught, got);
    EXPECT_EQ(got, 0);  // not before it is started
    task.start();
    EXPECT_TRUE(task.done());
    EXPECT_TRUE(caught);
    EXPECT_EQ(got, 42);
    task.rethrow();
    auto failing = thrower();
    failing.start();
    EXPECT_THROW(failing.rethrow(), std::runtime_error);
}

TEST(Tasks, MayBeDestroyedUnstartedAndMoved) {
    bool caught = false;
    int got = 0;
    auto task = caller(caught, got);
    Task<> other = std::move(task);
    EXPECT_TRUE(static_cast<bool>(other));
    other = {};
    EXPECT_TRUE(other.done());
    EXPECT_EQ(got, 0);
}

}  // namespace
}  // namespace apiary::test
