// The process of a private bus: found again, or no more.
#include "bus/bus_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "support/fake_loop.hpp"

namespace apiary::bus {
namespace {

struct BusProcessTest : ::testing::Test {
    auto plan(std::vector<std::string> argv) -> BusProcessPlan {
        return {.argv = std::move(argv),
                .address = UniqueFd{::open("/dev/null", O_WRONLY | O_CLOEXEC)},
                .messages = UniqueFd{::open("/dev/null", O_WRONLY | O_CLOEXEC)},
                .record = [this](std::string const& text) { identity = text; },
                .ended = [this](std::string const& text) { how = text; }};
    }
    [[nodiscard]] auto pid() const -> pid_t { return static_cast<pid_t>(std::stol(identity)); }
    void until_ended() {
        ASSERT_TRUE(loop.run_until([this] { return !how.empty(); }));
    }
    test::FakeLoop loop;
    std::string identity, how;
};

TEST_F(BusProcessTest, tellsHowItEnded) {
    auto const process = start_bus_process(loop, plan({"/bin/sh", "-c", "exit 4"}));
    until_ended();
    EXPECT_EQ(how, "exit status 4");
}

TEST_F(BusProcessTest, tellsOfAProgramThatIsNotThere) {
    auto const process = start_bus_process(loop, plan({"/nonexistent/program"}));
    until_ended();
    EXPECT_EQ(how, "exit status 127");
}

TEST_F(BusProcessTest, isFoundAgainAndEnded) {
    auto first = start_bus_process(loop, plan({"/bin/sleep", "600"}));
    first.reset();  // the first daemon is gone
    auto const second = adopt_bus_process(loop, identity, [this](std::string const& text) { how = text; });
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(::kill(pid(), 0), 0);
    second->end();
    EXPECT_NE(::kill(pid(), 0), 0);  // and reaped, since it is our child
    loop.run_ready();
    EXPECT_EQ(how, "");
    EXPECT_EQ(adopt_bus_process(loop, identity, {}), nullptr);
}

TEST_F(BusProcessTest, isEndedByForceWhereItDoesNotListen) {
    auto const process = start_bus_process(loop, plan({"/bin/sleep", "600"}));
    ::kill(pid(), SIGSTOP);
    process->kill();
    EXPECT_NE(::kill(pid(), 0), 0);
}

TEST_F(BusProcessTest, isNobodyElseWithThatPid) {
    auto const process = start_bus_process(loop, plan({"/bin/sleep", "600"}));
    auto const start = identity.find(' ') + 1;
    auto const boot = identity.rfind(' ') + 1;
    auto other_start = identity;
    other_start.insert(start, "1");
    auto other_boot = identity;
    other_boot[boot] = other_boot[boot] == '0' ? '1' : '0';
    for (auto const& wrong : {other_start, other_boot, identity.substr(0, start), std::string{}, std::string{"x y z"},
                              "-1" + identity.substr(start - 1), "1" + identity.substr(start - 1)}) {
        EXPECT_EQ(adopt_bus_process(loop, wrong, {}), nullptr) << wrong;
    }
    EXPECT_NE(adopt_bus_process(loop, identity, {}), nullptr);
    process->kill();
}

TEST_F(BusProcessTest, executesNothingThatWasNotRecorded) {
    auto wrong = plan({"/bin/sleep", "600"});
    wrong.record = [this](std::string const& text) {
        identity = text;
        throw std::runtime_error{"the disk is full"};
    };
    EXPECT_THROW((void)start_bus_process(loop, std::move(wrong)), std::runtime_error);
    EXPECT_NE(::kill(pid(), 0), 0);
}

}  // namespace
}  // namespace apiary::bus
