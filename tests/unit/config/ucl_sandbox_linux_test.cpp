// What the real child has given up by the time that it reads anything.
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>

#include "config/ucl/stream.hpp"
#include "unit/config/ucl_fixture.hpp"

namespace apiary::config {
namespace {

using testing::HasSubstr;

struct UclSandbox : UclFixture {
    pid_t child = 0;
    int socket = -1;

    void TearDown() override {
        if (child > 0) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
            ::close(socket);
        }
    }

    // What it says first.
    auto start(std::string const& uid, std::string const& gid) -> std::string {
        int pair[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        child = ::fork();
        if (child == 0) {
            ::dup2(pair[1], 0);
            ::dup2(pair[1], 1);
            ::close(pair[0]);
            ::close(pair[1]);
            ::execl(reader_options.program.c_str(), "apiary-ucl", uid.c_str(), gid.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(pair[1]);
        socket = pair[0];
        std::array<char, 200> buffer{};
        auto const got = ::recv(socket, buffer.data(), buffer.size(), 0);
        return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string{};
    }
    auto proc(std::string const& name) const -> std::string {
        std::ostringstream text;
        text << std::ifstream{"/proc/" + std::to_string(child) + "/" + name}.rdbuf();
        return text.str();
    }
};

TEST_F(UclSandbox, IsClosedBeforeTheFirstText) {
    ASSERT_EQ(start("12345", "23456"), ucl::greeting);
    auto const status = proc("status");
    EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
    EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
    if (::geteuid() == 0) {
        EXPECT_THAT(status, HasSubstr("Uid:\t12345\t12345\t12345\t12345"));
        EXPECT_THAT(status, HasSubstr("Gid:\t23456\t23456\t23456\t23456"));
        EXPECT_THAT(status, HasSubstr("Groups:\t \n"));
        EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000"));
        auto const limits = proc("limits");
        EXPECT_THAT(limits, testing::ContainsRegex("Max file size +0 +0"));
        EXPECT_THAT(limits, testing::ContainsRegex("Max open files +0 +0"));
        EXPECT_THAT(limits, testing::ContainsRegex("Max processes +0 +0"));
        EXPECT_THAT(limits, testing::ContainsRegex("Max core file size +0 +0"));
        EXPECT_THAT(limits, testing::ContainsRegex("Max cpu time +20 +20"));
    }
}

TEST_F(UclSandbox, RootDoesNotReadAsRoot) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root has something to give up";
    }
    EXPECT_THAT(start("0", "0"), HasSubstr("apiary-ucl: root is nobody"));
}

TEST_F(UclSandbox, EndsWithItsInput) {
    ASSERT_EQ(start("12345", "23456"), ucl::greeting);
    ::shutdown(socket, SHUT_WR);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    child = 0;
    ::close(socket);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace apiary::config
