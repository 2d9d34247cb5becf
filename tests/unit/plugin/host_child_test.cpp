// Starting a program: what the keeper hears of it.
#include "plugin/host/start.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <vector>

namespace apiary::plugin::host {
namespace {

struct HostChild : ::testing::Test {
    void SetUp() override {
        std::array<int, 2> ends{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        ours.reset(ends[0]);
        UniqueFd const its{ends[1]};
        // None of the lowest numbers, as ChildPlan wants it.
        keeper.reset(::fcntl(its.get(), F_DUPFD_CLOEXEC, 10));
        nothing.reset(::fcntl(UniqueFd{::open("/dev/null", O_RDWR | O_CLOEXEC)}.get(), F_DUPFD_CLOEXEC, 10));
        plan.argv = argv.data();
        plan.envp = environment.data();
        plan.input = plan.output = plan.errors = nothing.get();
        plan.keeper = keeper.get();
        plan.record = {.cookie = {1, 2}, .group = 0, .begins = 1};
    }
    // All that was told so far: what it begins with and what it ends with.
    auto told() -> std::vector<KeeperRecord> {
        std::vector<KeeperRecord> all;
        KeeperRecord one;
        while (::recv(ours.get(), &one, sizeof one, MSG_DONTWAIT) == sizeof one) {
            all.push_back(one);
        }
        return all;
    }

    UniqueFd ours, keeper, nothing;
    char name[5] = "true";
    std::array<char*, 2> argv{name, nullptr};
    std::array<char*, 1> environment{nullptr};
    ChildPlan plan;
    Patience const patience{.deadline = std::chrono::steady_clock::now() + std::chrono::hours{1}, .canceling = -1};
};

// It would kill whoever has the number by the time when the host ends.
TEST_F(HostChild, TheKeeperForgetsWhatCouldNotBeExecuted) {
    for (auto const& [path, folder] : {std::pair{"/nonexistent", "/"}, std::pair{"/bin/true", "/nonexistent"}}) {
        plan.path = path;
        plan.folder = folder;
        auto const started = start_child(plan, patience);
        EXPECT_EQ(started.how, Started::How::failed);
        EXPECT_EQ(started.error, ENOENT);
        auto const heard = told();
        ASSERT_EQ(heard.size(), 2U);
        EXPECT_EQ(heard[0].begins, 1);
        EXPECT_GT(heard[0].group, 1);
        EXPECT_EQ(heard[1].begins, 0);
        EXPECT_EQ(heard[1].group, heard[0].group);
        EXPECT_EQ(heard[1].cookie, plan.record.cookie);
    }
}

TEST_F(HostChild, TheKeeperKnowsWhatRuns) {
    plan.path = "/bin/true";
    auto const started = start_child(plan, patience);
    ASSERT_EQ(started.how, Started::How::executed);
    auto heard = told();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].begins, 1);
    EXPECT_EQ(heard[0].group, started.child.pid);
    EXPECT_EQ(reap(started.child), 0);
    heard = told();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].begins, 0);
    EXPECT_EQ(heard[0].group, started.child.pid);
}

}  // namespace
}  // namespace apiary::plugin::host
