// What a child gets of the daemon: its input, and nothing else.
#include "supervision/spawn.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

namespace apiary::test {
namespace {

using supervision::Spawner;
using ::testing::HasSubstr;

class Spawning : public ::testing::Test {
protected:
    // What a shell script writes to its descriptor 0, until nobody has that any more.
    auto output_of(std::string script) -> std::string {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        UniqueFd const ours{ends[0]};
        UniqueFd theirs{ends[1]};
        std::string shell = "/bin/sh", option = "-c";
        std::array<char*, 4> argv{shell.data(), option.data(), script.data(), nullptr};
        auto const pid = spawner.spawn("/bin/sh", argv.data(), theirs.get());
        theirs.reset();
        if (!pid || *pid <= 0) {
            ADD_FAILURE() << "not spawned, errno " << errno;
            return {};
        }
        std::string text;
        std::array<char, 1024> chunk{};
        for (ssize_t got = 0; (got = ::read(ours.get(), chunk.data(), chunk.size())) > 0;) {
            text.append(chunk.data(), static_cast<std::size_t>(got));
        }
        int status = 0;
        EXPECT_EQ(::waitpid(*pid, &status, 0), *pid);
        EXPECT_EQ(status, 0);
        return text;
    }
    void SetUp() override {
        std::array<char*, 1> none{nullptr};
        if (!spawner.spawn("/nonexistent", none.data(), 0)) {
            GTEST_SKIP() << "this system has no such way";
        }
    }
    Spawner spawner;
};

TEST_F(Spawning, TheChildHasItsInputAndNoOtherDescriptor) {
    std::vector<UniqueFd> many;
    for (int i = 0; i < 300; ++i) {
        many.emplace_back(::open("/dev/zero", O_RDONLY));  // not even closed on exec
    }
    EXPECT_EQ(output_of("exec ls -m /proc/self/fd >&0"), "0, 1, 2, 3\n");  // 3: that folder
    EXPECT_EQ(output_of("exec readlink /proc/self/fd/2 >&0"), "/dev/null\n");
    EXPECT_EQ(::fcntl(many.back().get(), F_GETFD), 0) << "it had the daemon's own table";
    EXPECT_EQ(::fcntl(many.front().get(), F_GETFD), 0);
}

TEST_F(Spawning, NoSignalIsBlockedOrIgnoredAndTheEnvironmentIsEmpty) {
    auto* const before = std::signal(SIGUSR1, SIG_IGN);
    sigset_t blocked;
    sigset_t mask_before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR2);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &mask_before), 0);
    auto const text = output_of("exec grep -E '^Sig(Blk|Ign)' /proc/self/status >&0");
    EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000\n"));
    EXPECT_THAT(text, HasSubstr("SigIgn:\t0000000000000000\n"));
    sigset_t mask_after;
    ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, &mask_before, &mask_after), 0);
    EXPECT_EQ(sigismember(&mask_after, SIGUSR2), 1) << "ours is as it was";
    EXPECT_EQ(sigismember(&mask_after, SIGTERM), 0);
    EXPECT_EQ(std::signal(SIGUSR1, before), SIG_IGN);
    EXPECT_EQ(output_of("exec tr '\\0' '\\n' </proc/self/environ >&0"), "");
}

TEST_F(Spawning, WhatCannotBeExecutedIsToldAndLeavesNoChild) {
    std::array<char*, 1> none{nullptr};
    errno = 0;
    EXPECT_EQ(spawner.spawn("/nonexistent", none.data(), 0), 0);
    EXPECT_EQ(errno, ENOENT);
    EXPECT_EQ(spawner.spawn("/", none.data(), 0), 0);
    EXPECT_EQ(errno, EACCES);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace apiary::test
