// The configuration of the private bus.
#include "bus/private_bus.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "bus/bus_probe.hpp"
#include "support/fake_loop.hpp"
#include "support/temporary_folder.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {
namespace {

TEST(PrivateBus, configurationHasOurPolicyAndNoLimitsOfItsOwn) {
    auto const config = private_bus_config("/run/apiary/bus");
    EXPECT_NE(config.find("<type>system</type>"), std::string::npos);
    EXPECT_NE(config.find("<listen>unix:path=/run/apiary/bus</listen>"), std::string::npos);
    EXPECT_NE(config.find("<allow own=\"org.apiary.Apiary1\"/>"), std::string::npos);
    EXPECT_NE(config.find("<allow send_destination=\"org.apiary.Apiary1\"/>"), std::string::npos);
    EXPECT_LT(config.find("<deny send_type=\"method_call\"/>"),
              config.find("<allow send_destination=\"org.apiary.Apiary1\"/>"));
    EXPECT_EQ(config.find("<limit"), std::string::npos);
}

TEST(PrivateBus, pathsAreEscapedAsAddressesAre) {
    EXPECT_NE(private_bus_config("/run/a b<&,;=%").find("unix:path=/run/a%20b%3c%26%2c%3b%3d%25<"), std::string::npos);
}

TEST(PrivateBus, addressIsEscapedAndHasNoGuid) {
    EXPECT_EQ(private_bus_address("/run/a b/bus"), "unix:path=/run/a%20b/bus");
}

TEST(PrivateBus, onlyABussAnswerIsAnAnswer) {
    std::string const guid = "0123456789abcdef0123456789abcdef";
    EXPECT_EQ(guid_in("OK " + guid), guid);
    EXPECT_EQ(guid_in("OK " + guid + "0"), "");
    EXPECT_EQ(guid_in("OK 0123456789ABCDEF0123456789abcdef"), "");
    EXPECT_EQ(guid_in("OK "), "");
    EXPECT_EQ(guid_in("REJECTED EXTERNAL"), "");
    EXPECT_EQ(guid_in(guid), "");
}

// A bus that is busy: it listens, and its queue of connections is full.
class Probe : public ::testing::Test {
protected:
    Probe() {
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
    }
    void listen() {
        bus.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(bus.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address), 0);
        ASSERT_EQ(::listen(bus.get(), 1), 0);
    }
    void fill() {
        while (errno = 0, connect()) {
        }
        ASSERT_EQ(errno, EAGAIN);
    }
    auto connect() -> bool {
        UniqueFd waiting{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        if (::connect(waiting.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
            return false;
        }
        queue.push_back(std::move(waiting));
        return true;
    }
    [[nodiscard]] auto accepted() const -> UniqueFd { return UniqueFd{::accept(bus.get(), nullptr, nullptr)}; }

    test::FakeLoop loop;
    test::TemporaryFolder folder;
    std::string const path = folder.path() + "/bus";
    sockaddr_un address{};
    UniqueFd bus;
    std::vector<UniqueFd> queue;
    std::optional<std::string> answer;
};

TEST_F(Probe, aBusWithAFullQueueIsAskedWhenThereIsRoom) {
    listen();
    fill();
    BusProbe const probe{loop, path, [this](std::string const& guid) { answer = guid; }};
    loop.advance(std::chrono::seconds{5});
    ASSERT_FALSE(answer);
    for (std::size_t i = 0; i < queue.size(); ++i) {
        (void)accepted();
    }
    loop.advance(std::chrono::milliseconds{100});
    auto const asked = accepted();
    std::string const guid(32, 'a'), line = "OK " + guid + "\r\n";
    ASSERT_EQ(::send(asked.get(), line.data(), line.size(), 0), static_cast<ssize_t>(line.size()));
    loop.run_ready();
    EXPECT_EQ(answer, guid);
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(Probe, aQueueThatStaysFullIsGivenUp) {
    listen();
    fill();
    BusProbe const probe{loop, path, [this](std::string const& guid) { answer = guid; }};
    loop.advance(std::chrono::milliseconds{9'999});
    EXPECT_FALSE(answer);
    loop.advance(std::chrono::milliseconds{1});
    EXPECT_EQ(answer, "");
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(Probe, nobodyThereIsKnownAtOnce) {
    for (bool const left_behind : {false, true}) {
        if (left_behind) {
            listen();
            bus.reset();
        }
        answer.reset();
        BusProbe const probe{loop, path, [this](std::string const& guid) { answer = guid; }};
        EXPECT_FALSE(answer);
        loop.run_ready();
        EXPECT_EQ(answer, "");
    }
}

TEST(PrivateBus, addressFileLiesInTheRunFolder) {
    EXPECT_EQ(bus_address_file("/run/apiary"), "/run/apiary/bus-address");
}

}  // namespace
}  // namespace apiary::bus
