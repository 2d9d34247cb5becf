// Whether signals may be broadcast: with a bus that goes away while it is looked at. It is a real one.
#include "bus/broadcasts.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include "bus/bus_process.hpp"
#include "support/fake_loop.hpp"
#include "support/temporary_folder.hpp"
#include "unit/bus/fake_engine.hpp"

namespace apiary::bus {
namespace {

class BroadcastsTest : public ::testing::Test {
protected:
    BroadcastsTest() {
        loop.advance(std::chrono::hours{-1});  // sd-bus's deadlines are of the real clock: they lie ahead of this one
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        UniqueFd const reading{ends[0]};
        process = start_bus_process(
            loop, {.argv = {"/usr/bin/dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=3",
                            "--address=unix:path=" + folder.path() + "/bus"},
                   .address = UniqueFd{ends[1]},
                   .messages = UniqueFd{::open("/dev/null", O_WRONLY | O_CLOEXEC)},
                   .record = [this](std::string const& identity) { pid = static_cast<pid_t>(std::stol(identity)); },
                   .ended = [](std::string const&) {}});
        std::string address;
        for (char byte = 0; ::read(reading.get(), &byte, 1) == 1 && byte != '\n';) {
            address += byte;
        }
        connection = std::make_unique<Connection>(loop, engine, open_connection(address),
                                                  [this](std::string const& why) { lost = why; });
        broadcasts = std::make_unique<Broadcasts>(
            loop, *connection,
            Broadcasts::Callbacks{.log = [this](std::string const& text) { said += text + '\n'; },
                                  .open_again =
                                      [this](std::uint64_t left_out) {
                                          told.push_back(left_out);
                                          if (told.size() == 1) {
                                              throw std::runtime_error{"a bus that does not take it"};
                                          }
                                      }});
    }
    ~BroadcastsTest() override {
        loop.before_each = {};
        broadcasts.reset();
        connection.reset();
        process->kill();
    }
    // The bus is stopped, and takes nothing for a while.
    void close() {
        ::kill(pid, SIGSTOP);
        while (connection->takes_signals()) {
            ASSERT_GE(sd_bus_emit_signal(connection->raw(), "/", "a.b", "C", ""), 0);
        }
        ASSERT_FALSE(broadcasts->admit());
        ::kill(pid, SIGCONT);
        until([this] { return connection->takes_signals() && said.find("A listener") != std::string::npos; });
    }
    void until(std::function<bool()> const& condition) {
        connection->touch();
        ASSERT_TRUE(loop.run_until(condition)) << said;
    }

    test::TemporaryFolder folder;
    test::FakeLoop loop;
    testing::FakeEngine engine;
    std::unique_ptr<BusProcess> process;
    pid_t pid = -1;
    std::string lost, said;
    std::vector<std::uint64_t> told;
    std::unique_ptr<Connection> connection;
    std::unique_ptr<Broadcasts> broadcasts;
};

TEST_F(BroadcastsTest, who_could_not_be_told_is_told_later) {
    close();
    loop.advance(std::chrono::seconds{1});
    until([this] { return told.size() == 1; });
    EXPECT_FALSE(broadcasts->open());
    EXPECT_FALSE(broadcasts->admit());  // one more
    loop.advance(std::chrono::seconds{30});
    until([this] { return told.size() == 2; });
    EXPECT_EQ(told, (std::vector<std::uint64_t>{1, 2}));
    EXPECT_TRUE(broadcasts->open());
}

TEST_F(BroadcastsTest, a_bus_that_goes_as_it_is_asked_ends_nothing_but_itself) {
    close();
    loop.run_ready();
    bool killed = false;
    loop.before_each = [&] {  // after the last look at what comes from there, before the timer
        if (std::exchange(killed, true)) {
            return;
        }
        ::kill(pid, SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    };
    ASSERT_EQ(told.size(), 0U);
    EXPECT_NO_THROW(loop.advance(std::chrono::seconds{1}));
    EXPECT_NE(said.find("cannot be asked for room"), std::string::npos) << said;
    EXPECT_FALSE(broadcasts->open());
    EXPECT_GE(loop.armed_timers(), 1U);
    until([this] { return !lost.empty(); });
}

}  // namespace
}  // namespace apiary::bus
