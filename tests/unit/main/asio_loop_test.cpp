// The real loop: timers in their order, subscriptions that end themselves, work on the pool.
#include "main/asio_loop.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary {
namespace {

using std::chrono::milliseconds;

TEST(AsioLoop, TimersGoOffInTheOrderOfTheirTimesWhateverTheOrderOfTheirMaking) {
    AsioLoop loop;
    std::vector<int> seen;
    auto const last = loop.after(milliseconds{30}, [&] {
        seen.push_back(3);
        loop.stop();
    });
    auto const first = loop.after(milliseconds{0}, [&] { seen.push_back(1); });
    auto const second = loop.after(milliseconds{10}, [&] { seen.push_back(2); });
    loop.run();
    EXPECT_EQ(seen, (std::vector{1, 2, 3}));
}

TEST(AsioLoop, ATimerOfTheSameInstantRunsInTheOrderOfItsMaking) {
    AsioLoop loop;
    std::vector<int> seen;
    std::vector<Handle> timers;
    for (int i = 0; i < 5; ++i) {
        timers.push_back(loop.after(milliseconds{-1}, [&seen, i] { seen.push_back(i); }));
    }
    auto const last = loop.after(milliseconds{1}, [&] { loop.stop(); });
    loop.run();
    EXPECT_EQ(seen, (std::vector{0, 1, 2, 3, 4}));
}

TEST(AsioLoop, ADestroyedTimerNeverGoesOffEvenIfItIsDue) {
    AsioLoop loop;
    bool wrong = false;
    Handle victim;
    auto const killer = loop.after(milliseconds{0}, [&] { victim.reset(); });
    victim = loop.after(milliseconds{0}, [&] { wrong = true; });
    auto const last = loop.after(milliseconds{5}, [&] { loop.stop(); });
    loop.run();
    EXPECT_FALSE(wrong);
}

TEST(AsioLoop, ATimerMayDestroyAndReplaceItselfInItsCallback) {
    AsioLoop loop;
    int rounds = 0;
    Handle timer;
    std::function<void()> again = [&] {
        timer.reset();
        if (++rounds == 20) {
            loop.stop();
        } else {
            timer = loop.after(milliseconds{0}, again);
        }
    };
    timer = loop.after(milliseconds{0}, again);
    loop.run();
    EXPECT_EQ(rounds, 20);
}

TEST(AsioLoop, AnEarlierTimerThatIsMadeLaterIsNotLateAfterACancellation) {
    AsioLoop loop;
    auto far = loop.after(std::chrono::hours{1}, [] { FAIL(); });
    far.reset();
    bool seen = false;
    auto const near = loop.after(milliseconds{1}, [&] {
        seen = true;
        loop.stop();
    });
    loop.run();
    EXPECT_TRUE(seen);
}

TEST(AsioLoop, AWatchIsLevelTriggeredAndMayEndItself) {
    AsioLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    UniqueFd const reader{ends[0]};
    UniqueFd const writer{ends[1]};
    ASSERT_EQ(::write(writer.get(), "abc", 3), 3);
    std::string text;
    Handle watch;
    watch = loop.watch(reader.get(), Readiness::readable, [&] {
        char one = 0;
        ASSERT_EQ(::read(reader.get(), &one, 1), 1);  // two bytes are left: it must be told again
        text += one;
        if (text.size() == 3) {
            watch.reset();
            loop.stop();
        }
    });
    loop.run();
    EXPECT_EQ(text, "abc");
}

// The number that the next descriptor will have: the lowest that is free.
auto next_descriptor() -> int {
    return UniqueFd{::dup(0)}.get();
}

TEST(AsioLoop, TheFirstWatchOfADescriptorTakesNoOther) {
    AsioLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    UniqueFd const reader{ends[0]};
    UniqueFd const writer{ends[1]};
    auto const before = next_descriptor();
    auto const watch = loop.watch(reader.get(), Readiness::readable, [] {});
    EXPECT_EQ(next_descriptor(), before);
}

TEST(AsioLoop, TwoWatchesOfOneDescriptorAreToldApartAndOneMayEndBeforeTheOther) {
    AsioLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    UniqueFd const ours{ends[0]};
    UniqueFd const theirs{ends[1]};
    std::vector<std::string> seen;
    Handle readable, writable;
    readable = loop.watch(ours.get(), Readiness::readable, [&] {
        seen.emplace_back("readable");
        readable.reset();
        loop.stop();
    });
    writable = loop.watch(ours.get(), Readiness::writable, [&] {
        seen.emplace_back("writable");
        writable.reset();
        ASSERT_EQ(::write(theirs.get(), "a", 1), 1);
    });
    loop.run();
    EXPECT_EQ(seen, (std::vector<std::string>{"writable", "readable"}));
}

TEST(AsioLoop, AWatchOfAReusedNumberIsNotEndedByTheOneBefore) {
    AsioLoop loop;
    std::array<int, 2> first{}, second{};
    ASSERT_EQ(::pipe(first.data()), 0);
    UniqueFd const first_writer{first[1]};
    auto stale = loop.watch(first[0], Readiness::readable, [] { FAIL(); });
    ::close(first[0]);  // against the rules
    ASSERT_EQ(::pipe(second.data()), 0);
    UniqueFd const reader{second[0]};
    UniqueFd const writer{second[1]};
    ASSERT_EQ(reader.get(), first[0]);
    auto const watch = loop.watch(reader.get(), Readiness::readable, [&] { loop.stop(); });
    stale.reset();
    ASSERT_EQ(::write(writer.get(), "a", 1), 1);
    loop.run();
}

TEST(AsioLoop, AWatchWithoutADescriptorBeginsWhenThereIsOne) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "the sanitizer looks at an object's type through a pipe, and there is no descriptor for one";
#endif
#endif
    AsioLoop loop;
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    UniqueFd const ours{ends[0]};
    UniqueFd const theirs{ends[1]};
    auto const readable = loop.watch(ours.get(), Readiness::readable, [] { FAIL(); });
    auto const soon = loop.after(milliseconds{1}, [] {});  // timers have their descriptor
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit const none{.rlim_cur = static_cast<rlim_t>(next_descriptor()), .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    bool told = false;
    auto const writable = loop.watch(ours.get(), Readiness::writable, [&] {
        told = true;
        loop.stop();
    });
    loop.post([&] {
        EXPECT_FALSE(told);
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    });
    loop.run();
    EXPECT_TRUE(told);
}

TEST(AsioLoop, OffloadedWorkRunsElsewhereAndIsReportedOnTheLoop) {
    AsioLoop loop;
    auto const here = std::this_thread::get_id();
    std::thread::id worked, told;
    loop.offload([&] { worked = std::this_thread::get_id(); },
                 [&] {
                     told = std::this_thread::get_id();
                     loop.stop();
                 });
    loop.run();
    EXPECT_NE(worked, here);
    EXPECT_EQ(told, here);
}

}  // namespace
}  // namespace apiary
