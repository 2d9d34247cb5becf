// A QEMU guest comes up, takes requests, and tells what happens to it.
#include <csignal>

#include "unit/hypervisor/qemu_guest_fixture.hpp"

namespace apiary::hypervisor {
namespace {

TEST_F(QemuGuestTest, ComesUpWhenItRuns) {
    launch();
    EXPECT_EQ(supervisor.request.run_dir, folder.path());
    EXPECT_EQ(supervisor.request.title, "web");
    EXPECT_EQ(supervisor.request.argv.at(0), default_options().qemu);
    EXPECT_FALSE(supervisor.request.console);
    bring_up();
    EXPECT_EQ(guest->pid(), 4711);
}

TEST_F(QemuGuestTest, TheConsoleIsConnected) {
    auto definition = test::plain_definition();
    definition.com[0] = test::auto_port();
    launch(definition);
    ASSERT_TRUE(supervisor.request.console);
    ASSERT_EQ(::send(supervisor.fd_numbered(4), "x", 1, 0), 1);
    char letter = 0;
    EXPECT_EQ(::recv(supervisor.request.console.get(), &letter, 1, 0), 1);
}

TEST_F(QemuGuestTest, TheNextDaemonFindsTheMonitor) {
    launch();
    EXPECT_TRUE(std::filesystem::is_socket(folder.path() + "/qmp.sock"));
    EXPECT_EQ(std::filesystem::status(folder.path() + "/qmp.sock").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(QemuGuestTest, TheSecretIsInAPipe) {
    auto definition = test::plain_definition();
    definition.graphics.on = true;
    definition.graphics.password = "hunter2";
    launch(definition);
    EXPECT_FALSE(holds(test::joined(supervisor.request.argv), "hunter2"));
    EXPECT_FALSE(holds(test::joined(supervisor.request.env), "hunter2"));
    std::array<char, 64> buffer{};
    ASSERT_EQ(::read(supervisor.fd_numbered(4), buffer.data(), buffer.size()), 7);
    EXPECT_STREQ(buffer.data(), "hunter2");
}

TEST_F(QemuGuestTest, TheScreenIsHandedOver) {
    auto definition = test::plain_definition();
    definition.graphics.on = true;
    contributions = {test::contributed_fd("vnc")};
    launch(definition);
    supervisor.start();
    accept_monitor();
    say(R"({"QMP": {}})");
    expect_command("qmp_capabilities");
    expect_command("getfd");
    expect_command("display-update");
    expect_command("cont");
    expect(Kind::up);
}

TEST_F(QemuGuestTest, Requests) {
    launch();
    bring_up();
    guest->press_power_button(1);
    expect_command("system_powerdown");
    auto event = take();
    EXPECT_EQ(event.kind, Kind::request_done);
    EXPECT_EQ(event.request, 1U);
    guest->reset(2);
    expect_command("system_reset", R"("error": {"desc": "not today"})");
    event = take();
    EXPECT_EQ(event.kind, Kind::request_failed);
    EXPECT_EQ(event.request, 2U);
    EXPECT_TRUE(holds(event.text, "not today"));
}

TEST_F(QemuGuestTest, PauseAndResume) {
    launch();
    bring_up();
    guest->pause(1);
    expect_command("stop", "");
    say_event("STOP");
    expect(Kind::paused, Reason::requested);
    say(R"({"return": {}, "id": 2})");
    expect(Kind::request_done);
    guest->resume(2);
    expect_command("cont", "");
    say_event("RESUME");
    expect(Kind::resumed);
}

TEST_F(QemuGuestTest, AnIoErrorPauses) {
    launch();
    bring_up();
    say(R"({"event": "BLOCK_IO_ERROR", "data": {"device": "disk0", "reason": "No space left on device"}})");
    say_event("STOP");
    expect_command("query-status", R"("return": {"status": "io-error"})");
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::paused);
    EXPECT_EQ(event.reason, Reason::error);
    EXPECT_TRUE(holds(event.text, "disk0: No space left"));
}

TEST_F(QemuGuestTest, AnInternalErrorEnds) {
    launch();
    bring_up();
    say_event("STOP");
    expect_command("query-status", R"("return": {"status": "internal-error"})");
    expect(Kind::ended, Reason::error);
}

TEST_F(QemuGuestTest, ARebootIsTwoResets) {
    launch();
    bring_up();
    say_event("RESET", "guest-reset", 0);
    say_event("RESET", "guest-reset", 50);
    expect(Kind::reset, Reason::guest_reboot);
    say_event("RESET", "host-qmp-system-reset", 300);
    say_event("RESET", "guest-reset", 350);
    expect(Kind::reset, Reason::requested);
    EXPECT_TRUE(events.empty());
}

TEST_F(QemuGuestTest, AMonitorThatTalksNonsenseLaterLeavesTheGuestAlone) {
    launch();
    bring_up();
    say("HTTP/1.1 400");
    EXPECT_TRUE(supervisor.signals.empty());
    guest->press_power_button(3);
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::request_failed);
    EXPECT_TRUE(holds(event.text, "closed"));
    guest->quit();
    EXPECT_EQ(supervisor.signals, std::vector{SIGTERM});
}

TEST_F(QemuGuestTest, ASilentMonitorIsWaitedFor) {
    launch();
    supervisor.start();
    loop.advance(std::chrono::hours{1});
    EXPECT_TRUE(events.empty());
    EXPECT_TRUE(supervisor.signals.empty());
    EXPECT_EQ(loop.armed_timers(), 0U);
}

TEST_F(QemuGuestTest, ResetOfAGuestThatEndsWhenItReboots) {
    auto definition = test::plain_definition();
    definition.boot = BootPolicy::oneshot;
    launch(definition);
    bring_up();
    guest->reset(1);
    EXPECT_TRUE(holds(expect_command("set-action"), R"({"reboot":"reset"})"));
    expect_command("system_reset");
    expect(Kind::request_done);
    say_event("RESET", "host-qmp-system-reset");
    expect(Kind::reset, Reason::requested);
    loop.advance(std::chrono::seconds{10});
    EXPECT_TRUE(holds(expect_command("set-action"), R"({"reboot":"shutdown"})"));
}

TEST_F(QemuGuestTest, LettingGoTouchesNothing) {
    launch();
    bring_up();
    guest.reset();
    loop.run_ready();
    EXPECT_TRUE(supervisor.signals.empty());
    EXPECT_TRUE(events.empty());
}

}  // namespace
}  // namespace apiary::hypervisor
