// The QMP client against a peer that a test plays over a pair of sockets.
#include "hypervisor/qmp.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <vector>

#include "support/fake_loop.hpp"
#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

using test::holds;

constexpr std::string_view greeting = "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n";

class QmpTest : public testing::Test, protected Qmp::Listener {
protected:
    QmpTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        peer.reset(ends[1]);
        qmp = std::make_unique<Qmp>(loop, UniqueFd{ends[0]}, static_cast<Qmp::Listener&>(*this));
    }

    void on_qmp_ready() override { ++ready; }
    void on_qmp_event(QmpMessage const& event) override { events.push_back(event); }
    void on_qmp_closed(bool misbehaved, std::string const& why) override {
        ++closed;
        fault = misbehaved ? why : "";
    }

    void say(std::string_view text) {
        while (!text.empty() && peer) {
            auto const sent = ::send(peer.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent > 0) {
                text.remove_prefix(static_cast<std::size_t>(sent));
            } else if (closed > 0) {
                return;
            }
            loop.run_ready();
        }
        loop.run_ready();
    }
    auto heard() -> std::string {
        std::array<char, 65536> buffer{};
        auto const got = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
        return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    }
    void greet() {
        say(greeting);
        EXPECT_EQ(heard(), "{\"execute\":\"qmp_capabilities\",\"id\":0}\n");
        say("{\"return\": {}, \"id\": 0}\r\n");
        EXPECT_EQ(ready, 1);
    }
    void execute(std::string_view command, std::shared_ptr<UniqueFd> passed = nullptr) {
        qmp->execute(
            command, {}, [this](QmpMessage const& message) { replies.push_back(message); }, std::move(passed));
    }

    test::FakeLoop loop;
    UniqueFd peer;
    std::unique_ptr<Qmp> qmp;
    int ready = 0, closed = 0;
    std::string fault;
    std::vector<QmpMessage> events, replies;
};

TEST_F(QmpTest, GreetsAndAgrees) {
    greet();
}

TEST_F(QmpTest, RepliesFindTheirRequests) {
    greet();
    execute("stop");
    execute("cont");
    EXPECT_EQ(heard(), "{\"execute\":\"stop\",\"id\":1}\n{\"execute\":\"cont\",\"id\":2}\n");
    say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"no way\"}, \"id\": 2}\n{\"return\": {}, \"id\": 1}\n");
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].text, "no way");
    EXPECT_EQ(replies[1].kind, QmpMessage::Kind::reply);
    say("{\"return\": {}, \"id\": 1}\n{\"return\": {}, \"id\": 99}\n{\"return\": {}}\n{\"return\": {}, \"id\": "
        "\"x\"}\n");
    EXPECT_EQ(replies.size(), 2U);
    EXPECT_EQ(closed, 0);
}

TEST_F(QmpTest, EventsComeWithTheirData) {
    greet();
    say("{\"timestamp\": {\"seconds\": 12, \"microseconds\": 345}, \"event\": \"RESET\", \"data\": {\"guest\": true, "
        "\"reason\": \"guest-reset\"}}\n");
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].name, "RESET");
    EXPECT_EQ(events[0].reason, "guest-reset");
    EXPECT_EQ(events[0].when_us, 12'000'345);
}

TEST_F(QmpTest, PiecesMakeALine) {
    for (char const letter : greeting) {
        say({&letter, 1});
    }
    EXPECT_TRUE(holds(heard(), "qmp_capabilities"));
}

TEST_F(QmpTest, ArgumentsAndDescriptors) {
    greet();
    qmp->execute(
        "getfd", "{\"fdname\":\"vnc\"}", [](QmpMessage const&) {}, test::some_fd());
    std::array<char, 256> buffer{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec data{.iov_base = buffer.data(), .iov_len = buffer.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto const got = ::recvmsg(peer.get(), &message, 0);
    ASSERT_GT(got, 0);
    EXPECT_EQ((std::string{buffer.data(), static_cast<std::size_t>(got)}),
              "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"vnc\"},\"id\":1}\n");
    auto* header = CMSG_FIRSTHDR(&message);
    ASSERT_TRUE(header);
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    UniqueFd const received{fd};
    EXPECT_GE(::fcntl(fd, F_GETFD), 0);
}

TEST_F(QmpTest, SilenceIsNoAnswer) {
    greet();
    execute("system_powerdown");
    loop.advance(std::chrono::hours{1});
    EXPECT_TRUE(replies.empty());
    EXPECT_EQ(closed, 0);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(QmpTest, TooManyUnanswered) {
    greet();
    for (int i = 0; i < 100; ++i) {
        execute("stop");
    }
    loop.run_ready();
    EXPECT_EQ(replies.size(), 36U);
    EXPECT_TRUE(holds(replies.at(0).text, "not answered"));
}

TEST_F(QmpTest, BeforeTheGreetingNothingIsAsked) {
    execute("stop");
    EXPECT_TRUE(replies.empty());  // not from within the call
    loop.run_ready();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_TRUE(holds(replies[0].text, "not ready"));
}

TEST_F(QmpTest, GarbageEndsIt) {
    for (std::string_view const text :
         {"hello\n", "[]\n", "1\n", "{\"a\":\n", "{\"return\": {}}\n", "\xff\xfe\n", "\"QMP\"\n", "null\n"}) {
        SCOPED_TRACE(text);
        std::array<int, 2> ends{};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        peer.reset(ends[1]);
        closed = 0;
        qmp = std::make_unique<Qmp>(loop, UniqueFd{ends[0]}, static_cast<Qmp::Listener&>(*this));
        say(text);
        EXPECT_EQ(closed, 1);
        EXPECT_TRUE(holds(fault, "does not speak QMP"));
        EXPECT_TRUE(qmp->closed());
    }
}

TEST_F(QmpTest, GarbageLaterEndsItToo) {
    greet();
    execute("stop");
    say("oops\n{\"return\": {}, \"id\": 1}\n");
    EXPECT_EQ(closed, 1);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].kind, QmpMessage::Kind::error);
}

TEST_F(QmpTest, DeepNestingIsGarbage) {
    say(std::string(900'000, '[') + "\n");
    EXPECT_EQ(closed, 1);
    EXPECT_TRUE(holds(fault, "nested"));
}

TEST_F(QmpTest, AnEndlessLineIsCut) {
    greet();
    say(std::string((1U << 20U) + 65536, ' '));
    EXPECT_EQ(closed, 1);
    EXPECT_TRUE(holds(fault, "1048576 bytes"));
}

TEST_F(QmpTest, OddNumbersAreHarmless) {
    greet();
    say("{\"event\": \"RESET\", \"timestamp\": {\"seconds\": 9223372036854775807, \"microseconds\": -5}}\n"
        "{\"event\": \"RESET\", \"timestamp\": {\"seconds\": 1e300, \"microseconds\": []}, \"data\": 7}\n"
        "{\"event\": 5}\n{\"error\": 5, \"id\": 18446744073709551615}\n{\"what\": 1}\n");
    EXPECT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].when_us, 0);
    EXPECT_EQ(closed, 0);
}

TEST_F(QmpTest, AFloodIsReadSlowly) {
    greet();
    std::string flood;
    for (int i = 0; i < 2000; ++i) {
        flood += "{\"event\": \"RTC_CHANGE\"}\n";
    }
    ASSERT_EQ(::send(peer.get(), flood.data(), flood.size(), MSG_NOSIGNAL), static_cast<ssize_t>(flood.size()));
    loop.run_ready();
    auto const first = events.size();
    EXPECT_LT(first, 2000U);
    EXPECT_EQ(loop.armed_timers(), 1U);
    loop.advance(std::chrono::seconds{10});
    EXPECT_EQ(events.size(), 2000U);
    EXPECT_EQ(closed, 0);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(QmpTest, AnEndFailsWhatIsPending) {
    greet();
    execute("stop");
    peer.reset();
    loop.run_ready();
    EXPECT_EQ(closed, 1);
    EXPECT_TRUE(fault.empty());
    ASSERT_EQ(replies.size(), 1U);
    execute("cont");
    loop.run_ready();
    EXPECT_TRUE(holds(replies.at(1).text, "closed"));
}

TEST_F(QmpTest, ADrainTakesTheLastWords) {
    greet();
    constexpr std::string_view words = "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-shutdown\"}}\n";
    ASSERT_GT(::send(peer.get(), words.data(), words.size(), 0), 0);
    peer.reset();
    qmp->drain();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].reason, "guest-shutdown");
    EXPECT_EQ(closed, 1);
}

TEST_F(QmpTest, APeerThatDoesNotReadBlocksNobody) {
    greet();
    int const small = 1;
    ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    std::string const arguments = "{\"x\":\"" + std::string(60'000, 'x') + "\"}";
    for (int i = 0; i < 60; ++i) {
        qmp->execute("stop", arguments, [this](QmpMessage const& message) { replies.push_back(message); });
    }
    loop.run_ready();
    EXPECT_FALSE(replies.empty());
    EXPECT_TRUE(holds(replies.front().text, "not answered"));
}

}  // namespace
}  // namespace apiary::hypervisor
