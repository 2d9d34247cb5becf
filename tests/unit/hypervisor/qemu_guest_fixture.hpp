// The QEMU backend with a process and a monitor that the test plays.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hypervisor/hypervisors.hpp"
#include "support/fake_loop.hpp"
#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {

using Kind = GuestEvent::Kind;
using test::holds;

class QemuGuestTest : public testing::Test {
protected:
    void launch(Definition definition = test::plain_definition()) {
        Options options = default_options();
        options.acceleration = Acceleration::tcg;
        qemu = make_qemu(loop, supervisor, options);
        LaunchRequest request;
        request.definition = std::make_shared<Definition>(std::move(definition));
        request.run_dir = folder.path();
        request.contributions = contributions;
        guest = qemu->launch(std::move(request), [this](GuestEvent const& event) { events.push_back(event); });
        EXPECT_TRUE(events.empty());
        EXPECT_EQ(supervisor.spawned, 0);
        loop.run_ready();
    }

    // The monitor as QEMU has it: it inherits a listening socket, and somebody waits there already.
    void accept_monitor() {
        ASSERT_EQ(supervisor.spawned, 1);
        monitor.reset(::accept4(supervisor.fd_numbered(3), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        ASSERT_TRUE(monitor);
    }

    void say(std::string const& line) {
        auto const text = line + "\r\n";
        ASSERT_EQ(::send(monitor.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        loop.run_ready();
    }

    void say_event(std::string const& name, std::string const& reason = {}, std::int64_t ms = 0) {
        say(R"({"timestamp": {"seconds": )" + std::to_string(1000 + ms / 1000) + R"(, "microseconds": )" +
            std::to_string(ms % 1000 * 1000) + R"(}, "event": ")" + name + R"(", "data": {"reason": ")" + reason +
            R"("}})");
    }

    // The next command, and its answer.
    auto expect_command(std::string const& name, std::string const& answer = R"("return": {})") -> std::string {
        std::array<char, 4096> buffer{};
        auto const got = ::recv(monitor.get(), buffer.data(), buffer.size(), 0);
        if (got > 0) {
            std::string_view text{buffer.data(), static_cast<std::size_t>(got)};
            while (!text.empty()) {
                auto const end = text.find('\n');
                commands.emplace_back(text.substr(0, end));
                text.remove_prefix(end + 1);
            }
        }
        if (commands.empty()) {
            ADD_FAILURE() << "no command, " << name << " expected";
            return {};
        }
        auto const line = commands.front();
        commands.pop_front();
        EXPECT_TRUE(holds(line, "\"execute\":\"" + name + "\"")) << line;
        auto const id = line.substr(line.rfind("\"id\":") + 5);
        if (!answer.empty()) {
            say("{" + answer + ", \"id\": " + id);  // the rest of `id` closes the object
        }
        return line;
    }

    void bring_up() {
        supervisor.start();
        accept_monitor();
        say(R"({"QMP": {}})");
        expect_command("qmp_capabilities");
        expect_command("cont");
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(take().kind, Kind::up);
    }

    auto take() -> GuestEvent {
        loop.run_ready();
        if (events.empty()) {
            ADD_FAILURE() << "nothing happened";
            return {};
        }
        auto event = events.front();
        events.pop_front();
        return event;
    }
    void expect(Kind kind, Reason reason = Reason::none) {
        auto const event = take();
        EXPECT_EQ(event.kind, kind) << event.text;
        EXPECT_EQ(event.reason, reason) << event.text;
    }

    test::FakeLoop loop;
    test::RecordingSupervisor supervisor;
    test::TemporaryFolder folder;
    std::vector<Contribution> contributions;
    std::unique_ptr<Hypervisor> qemu;
    std::deque<GuestEvent> events;
    std::unique_ptr<Guest> guest;
    UniqueFd monitor;
    std::deque<std::string> commands;
};

}  // namespace apiary::hypervisor
