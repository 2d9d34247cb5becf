// How a QEMU guest ends, or does not come up, and what is made of that.
#include <fcntl.h>

#include <csignal>
#include <map>

#include "unit/hypervisor/qemu_guest_fixture.hpp"

namespace apiary::hypervisor {
namespace {

TEST_F(QemuGuestTest, EachEnd) {
    for (auto const& [cause, reason] : std::map<std::string, Reason>{{"guest-shutdown", Reason::guest_poweroff},
                                                                     {"guest-reset", Reason::guest_reboot},
                                                                     {"guest-panic", Reason::guest_panic},
                                                                     {"host-signal", Reason::killed},
                                                                     {"host-error", Reason::error},
                                                                     {"host-ui", Reason::unknown}}) {
        SCOPED_TRACE(cause);
        supervisor.spawned = 0;
        launch();
        bring_up();
        say_event("SHUTDOWN", cause);
        expect(Kind::ended, reason);
        say_event("STOP");
        loop.run_ready();
        EXPECT_TRUE(events.empty());
        guest->quit();
        expect_command("quit", "");
        say_event("SHUTDOWN", "host-qmp-quit");
        supervisor.exit_with(0);
        expect(Kind::exited, reason);
        EXPECT_TRUE(events.empty());
    }
}

TEST_F(QemuGuestTest, APanicEnds) {
    launch();
    bring_up();
    say_event("GUEST_PANICKED");
    say_event("STOP");
    expect(Kind::ended, Reason::guest_panic);
    loop.run_ready();
    EXPECT_TRUE(events.empty());
    guest->reset(7);
    expect(Kind::request_failed);
}

TEST_F(QemuGuestTest, LastWordsAreHeardBeforeTheExitIsJudged) {
    launch();
    bring_up();
    constexpr std::string_view words = "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"host-signal\"}}\n";
    ASSERT_GT(::send(monitor.get(), words.data(), words.size(), 0), 0);
    monitor.reset();
    supervisor.exit_with(0);
    expect(Kind::ended, Reason::killed);
    expect(Kind::exited, Reason::killed);
}

TEST_F(QemuGuestTest, ExitsThatNobodyAskedFor) {
    struct Case {
        ExitStatus status;
        Reason reason;
        std::string_view text;
    };
    for (auto const& [status, reason, text] :
         {Case{{.known = true, .signaled = true, .value = SIGKILL}, Reason::killed, "signal 9"},
          Case{{.known = true, .value = 1}, Reason::error, "status 1"},
          Case{{.known = true}, Reason::unknown, "status 0"}, Case{{}, Reason::unknown, "nobody saw"}}) {
        supervisor.spawned = 0;
        launch();
        bring_up();
        supervisor.exit(status);
        auto const event = take();
        EXPECT_EQ(event.kind, Kind::exited);
        EXPECT_EQ(event.reason, reason);
        EXPECT_TRUE(holds(event.text, text)) << event.text;
    }
}

TEST_F(QemuGuestTest, KillAndQuitAreRequests) {
    launch();
    bring_up();
    guest->kill();
    EXPECT_EQ(supervisor.signals, std::vector{SIGKILL});
    supervisor.exit_by_signal(SIGKILL);
    expect(Kind::exited, Reason::requested);
    guest->kill();  // nobody is there any more
    EXPECT_EQ(supervisor.signals.size(), 1U);
    guest->forget();
    EXPECT_EQ(supervisor.forgotten, 1);
}

TEST_F(QemuGuestTest, QuitBeforeItListens) {
    launch();
    guest->quit();
    EXPECT_EQ(supervisor.signals, std::vector{SIGTERM});
    supervisor.exit_with(0);
    expect(Kind::exited, Reason::requested);
}

TEST_F(QemuGuestTest, CalledOffBeforeThereIsAProcess) {
    Options options = default_options();
    options.acceleration = Acceleration::tcg;
    qemu = make_qemu(loop, supervisor, options);
    LaunchRequest request;
    request.definition = std::make_shared<Definition>(test::plain_definition());
    request.run_dir = folder.path();
    guest = qemu->launch(std::move(request), [this](GuestEvent const& event) { events.push_back(event); });
    guest->kill();
    guest->quit();
    expect(Kind::exited, Reason::requested);
    EXPECT_TRUE(events.empty());
    EXPECT_EQ(supervisor.spawned, 0);
}

class QemuGuestLog : public QemuGuestTest {
protected:
    void SetUp() override {
        write("2026-11-20T10:00:00.1Z qemu: of an earlier run\n");
        contributions = {{.kind = "fd", .id = "log", .value = {}, .fd = log}};
        launch();
    }
    void write(std::string_view text) {
        ASSERT_EQ(::write(log->get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    std::shared_ptr<UniqueFd> log = std::make_shared<UniqueFd>(
        ::open((folder.path() + "/log").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
};

TEST_F(QemuGuestLog, AFailureBeforeItRunsNamesTheCause) {
    EXPECT_TRUE(supervisor.request.log);
    write("2026-11-20T10:00:01.1Z qemu: warning\n2026-11-20T10:00:02.1Z qemu: no\x01 lock\nIs it in use?\n\n");
    supervisor.exit_with(1);
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::exec_failed);
    EXPECT_EQ(event.text, "QEMU ended with status 1 before the guest ran: qemu: no? lock / Is it in use?");
}

TEST_F(QemuGuestLog, AnErrorNamesItsCause) {
    bring_up();
    write("2026-11-20T10:00:01.1Z qemu: cannot go on\n");
    supervisor.exit_with(1);
    EXPECT_EQ(take().text, "QEMU ended with status 1: qemu: cannot go on");
}

TEST_F(QemuGuestLog, ACrashHasLastWords) {
    bring_up();
    write("qemu: ../hw/pci.c:9: Assertion `bus' failed\x1b[2J\n");
    supervisor.exit_by_signal(SIGABRT);
    auto const event = take();
    EXPECT_EQ(event.reason, Reason::killed);
    EXPECT_TRUE(event.text.starts_with("QEMU was killed by signal 6")) << event.text;
    EXPECT_TRUE(event.text.ends_with("; its log ends with: qemu: ../hw/pci.c:9: Assertion `bus' failed?[2J"))
        << event.text;
}

TEST_F(QemuGuestLog, ACrashWithoutWords) {
    bring_up();
    supervisor.exit_by_signal(SIGKILL);
    EXPECT_EQ(take().text, "QEMU was killed by signal 9 (Killed)");
}

TEST_F(QemuGuestLog, ManyWordsAreCut) {
    bring_up();
    write(std::string(100'000, 'x') + "\n" + std::string(1000, 'y') + "\n");
    supervisor.exit_by_signal(SIGABRT);
    EXPECT_LT(take().text.size(), 2000U);
}

TEST_F(QemuGuestTest, NotExecuted) {
    launch();
    supervisor.say({.kind = SupervisedEvent::Kind::exec_failed, .pid = 0, .status = {}, .text = "no such file"});
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::exec_failed);
    EXPECT_EQ(event.text, "no such file");
}

TEST_F(QemuGuestTest, ARefusedStartIsEnded) {
    launch();
    supervisor.start();
    accept_monitor();
    say(R"({"QMP": {}})");
    expect_command("qmp_capabilities");
    expect_command("cont", R"("error": {"desc": "cannot"})");
    EXPECT_EQ(supervisor.signals, std::vector{SIGKILL});
    supervisor.exit_by_signal(SIGKILL);
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::exec_failed);
    EXPECT_TRUE(holds(event.text, "cannot run the guest: cannot"));
}

TEST_F(QemuGuestTest, AMonitorThatTalksNonsenseIsEnded) {
    launch();
    supervisor.start();
    accept_monitor();
    say("HTTP/1.1 400");
    EXPECT_EQ(supervisor.signals, std::vector{SIGKILL});
    supervisor.exit_by_signal(SIGKILL);
    EXPECT_TRUE(holds(take().text, "does not speak QMP"));
}

TEST_F(QemuGuestTest, Orphaned) {
    launch();
    bring_up();
    supervisor.say({.kind = SupervisedEvent::Kind::orphaned, .pid = 0, .status = {}, .text = {}});
    expect(Kind::orphaned);
}

TEST_F(QemuGuestTest, ARunFolderThatIsNotThere) {
    Options options = default_options();
    options.acceleration = Acceleration::tcg;
    qemu = make_qemu(loop, supervisor, options);
    for (auto const& path : {std::string{"/nonexistent/folder"}, "/" + std::string(120, 'x')}) {
        LaunchRequest request;
        request.definition = std::make_shared<Definition>(test::plain_definition());
        request.run_dir = path;
        guest = qemu->launch(std::move(request), [this](GuestEvent const& event) { events.push_back(event); });
        auto const event = take();
        EXPECT_EQ(event.kind, Kind::exec_failed);
        EXPECT_TRUE(holds(event.text, path));
    }
    EXPECT_EQ(supervisor.spawned, 0);
}

}  // namespace
}  // namespace apiary::hypervisor
