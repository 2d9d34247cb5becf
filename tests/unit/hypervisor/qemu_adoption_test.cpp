// A QEMU that an earlier daemon launched: what the next one learns of it.
#include <sys/un.h>

#include <csignal>
#include <fstream>
#include <map>

#include "hypervisor/channel.hpp"
#include "unit/hypervisor/qemu_guest_fixture.hpp"

namespace apiary::hypervisor {
namespace {

class QemuAdoptionTest : public QemuGuestTest {
protected:
    void listen(int backlog = 8) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        auto const path = folder.path() + "/qmp.sock";
        ::unlink(path.c_str());
        path.copy(address.sun_path, path.size());
        listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address), 0);
        ASSERT_EQ(::listen(listener.get(), backlog), 0);
    }
    void adopt(Definition definition = test::plain_definition()) {
        commands.clear();
        Options options = default_options();
        options.acceleration = Acceleration::tcg;
        qemu = make_qemu(loop, supervisor, options);
        LaunchRequest request;
        request.definition = std::make_shared<Definition>(std::move(definition));
        request.run_dir = folder.path();
        request.launch = 5;
        guest = qemu->adopt(std::move(request), [this](GuestEvent const& event) { events.push_back(event); });
        EXPECT_TRUE(events.empty());
        EXPECT_EQ(supervisor.reattached.run_dir, folder.path());
        EXPECT_EQ(supervisor.reattached.launch, 5U);
        EXPECT_TRUE(supervisor.reattached.remembered);
        loop.run_ready();
    }
    void accept_adopter() {
        loop.run_ready();
        monitor.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        ASSERT_TRUE(monitor);
    }
    void greet() {
        accept_adopter();
        say(R"({"QMP": {}})");
        expect_command("qmp_capabilities");
    }
    void answer_status(std::string const& status) {
        expect_command("query-status", R"("return": {"status": ")" + status + "\"}");
    }
    void adopt_in(std::string const& status, Definition definition = test::plain_definition()) {
        listen();
        adopt(std::move(definition));
        supervisor.start();
        greet();
        answer_status(status);
    }
    void say_orphaned() {
        supervisor.say({.kind = SupervisedEvent::Kind::orphaned, .pid = 4711, .status = {}, .text = {}});
    }
    void mark_as_halted() const { std::ofstream{folder.path() + "/halted"}; }

    UniqueFd listener;
};

TEST_F(QemuAdoptionTest, EachState) {
    struct Case {
        Kind kind;
        Reason reason = Reason::none;
    };
    for (auto const& [status, expected] :
         std::map<std::string, Case>{{"running", {Kind::up}},
                                     {"suspended", {Kind::up}},
                                     {"paused", {Kind::paused}},
                                     {"debug", {Kind::paused}},
                                     {"watchdog", {Kind::paused}},
                                     {"io-error", {Kind::paused, Reason::error}},
                                     {"shutdown", {Kind::ended, Reason::guest_poweroff}},
                                     {"guest-panicked", {Kind::ended, Reason::guest_panic}},
                                     {"internal-error", {Kind::ended, Reason::error}}}) {
        SCOPED_TRACE(status);
        adopt_in(status);
        expect(expected.kind, expected.reason);
        EXPECT_TRUE(events.empty());
        EXPECT_TRUE(supervisor.signals.empty());
        loop.advance(std::chrono::minutes{5});
        EXPECT_TRUE(events.empty());
    }
}

TEST_F(QemuAdoptionTest, AGuestThatNeverRanIsKilled) {
    for (auto const* const status : {"prelaunch", "inmigrate"}) {
        supervisor.signals.clear();
        mark_as_halted();
        adopt_in(status);
        expect(Kind::unfinished);
        EXPECT_EQ(supervisor.signals, std::vector{SIGKILL});
        supervisor.exit_by_signal(SIGKILL);
        expect(Kind::exited, Reason::recovered);
    }
}

// So QEMU calls it from then on.
TEST_F(QemuAdoptionTest, AGuestThatWasResetWhileItWasPausedIsKept) {
    launch();
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/halted"));
    bring_up();
    EXPECT_FALSE(std::filesystem::exists(folder.path() + "/halted"));
    guest.reset();
    adopt_in("prelaunch");
    expect(Kind::paused);
    EXPECT_TRUE(supervisor.signals.empty());
}

TEST_F(QemuAdoptionTest, WhereARebootEndsTheGuestItsEndIsNotToldFromAPowerOff) {
    auto definition = test::plain_definition();
    definition.boot = BootPolicy::oneshot;
    adopt_in("shutdown", definition);
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::ended);
    EXPECT_EQ(event.reason, Reason::unknown);
    EXPECT_TRUE(holds(event.text, "powered off or rebooted"));
}

TEST_F(QemuAdoptionTest, ARuleThatWasLiftedHoldsAgain) {
    auto definition = test::plain_definition();
    definition.install = true;
    adopt_in("running", definition);
    expect(Kind::up);
    loop.advance(std::chrono::seconds{10});
    EXPECT_TRUE(holds(expect_command("set-action"), "shutdown"));
}

TEST_F(QemuAdoptionTest, ThenItIsAGuestLikeAnyOther) {
    adopt_in("running");
    expect(Kind::up);
    guest->pause(3);
    expect_command("stop", "");
    say_event("STOP");
    expect(Kind::paused, Reason::requested);
    say_event("RESET", "guest-reset", 5000);
    expect(Kind::reset, Reason::guest_reboot);
    say_event("SHUTDOWN", "guest-shutdown");
    expect(Kind::ended, Reason::guest_poweroff);
    guest->quit();
    expect_command("quit", "");
    supervisor.exit_with(0);
    expect(Kind::exited, Reason::guest_poweroff);
    guest->forget();
    EXPECT_EQ(supervisor.forgotten, 1);
}

TEST_F(QemuAdoptionTest, WhatItSaysBeforeItIsAsked) {
    listen();
    adopt();
    supervisor.start();
    greet();
    say_event("RESET", "guest-reset");
    say_event("RESUME");
    say_event("STOP");
    EXPECT_TRUE(events.empty());
    say_event("SHUTDOWN", "guest-shutdown");
    expect(Kind::ended, Reason::guest_poweroff);
    answer_status("shutdown");
    loop.run_ready();
    EXPECT_TRUE(events.empty());
}

TEST_F(QemuAdoptionTest, EndedMeanwhile) {
    struct Case {
        ExitStatus status;
        Reason reason;
    };
    for (auto const& [status, reason] : {Case{{.known = true, .signaled = true, .value = SIGKILL}, Reason::killed},
                                         Case{{.known = true, .value = 1}, Reason::error},
                                         Case{{.known = true}, Reason::unknown}, Case{{}, Reason::unknown}}) {
        adopt();
        supervisor.exit(status);
        expect(Kind::exited, reason);
        loop.advance(std::chrono::minutes{5});
        EXPECT_TRUE(events.empty());
    }
}

TEST_F(QemuAdoptionTest, NeverLaunched) {
    adopt();
    supervisor.say({.kind = SupervisedEvent::Kind::never_started, .pid = 0, .status = {}, .text = {}});
    expect(Kind::absent);
    adopt();
    supervisor.say({.kind = SupervisedEvent::Kind::exec_failed, .pid = 0, .status = {}, .text = "no such file"});
    expect(Kind::exec_failed, Reason::exec_failed);
    loop.advance(std::chrono::minutes{5});
    EXPECT_TRUE(events.empty());
}

TEST_F(QemuAdoptionTest, AnOrphanIsAsked) {
    listen();
    adopt();
    say_orphaned();
    EXPECT_TRUE(events.empty());
    greet();
    answer_status("running");
    expect(Kind::up);
    expect(Kind::orphaned);
}

TEST_F(QemuAdoptionTest, SilenceIsToldAndDoesNotLastForEver) {
    listen();
    adopt();
    say_orphaned();
    loop.advance(std::chrono::seconds{30});
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::unreachable);
    EXPECT_TRUE(holds(event.text, "does not answer")) << event.text;
    expect(Kind::orphaned);
    guest->pause(1);
    expect(Kind::request_failed);
    guest->press_power_button(2);
    expect(Kind::request_failed);
    loop.advance(std::chrono::minutes{5});
    EXPECT_TRUE(events.empty());
    greet();  // whoever sat at the monitor has left it
    answer_status("paused");
    expect(Kind::paused);
    EXPECT_TRUE(events.empty());
}

TEST_F(QemuAdoptionTest, UnreachableItCanBeEnded) {
    adopt();
    loop.advance(std::chrono::seconds{30});
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::unreachable);
    EXPECT_TRUE(holds(event.text, "shim")) << event.text;
    guest->quit();
    guest->kill();
    EXPECT_EQ(supervisor.signals, (std::vector{SIGTERM, SIGKILL}));
    supervisor.exit_by_signal(SIGKILL);
    expect(Kind::exited, Reason::requested);
}

TEST_F(QemuAdoptionTest, WhatWasAskedBeforeItWasFoundIsDoneThen) {
    adopt();
    guest->kill();
    EXPECT_EQ(supervisor.signals, std::vector{SIGKILL});  // reaches nobody, if the pid is not known yet
    supervisor.start();
    EXPECT_EQ(supervisor.signals, (std::vector{SIGKILL, SIGKILL}));
    supervisor.exit_by_signal(SIGKILL);
    expect(Kind::exited, Reason::requested);
}

TEST_F(QemuAdoptionTest, NobodyListens) {
    adopt();
    supervisor.start();
    loop.advance(std::chrono::minutes{30});
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::unreachable);
    EXPECT_TRUE(holds(event.text, "No such file")) << event.text;
    EXPECT_TRUE(events.empty());
    EXPECT_EQ(loop.armed_timers(), 0U);  // it does not go on for ever
}

TEST_F(QemuAdoptionTest, AFullQueueIsTriedAgain) {
    listen(0);
    auto const first = connect_to(folder.path() + "/qmp.sock");
    ASSERT_TRUE(first);
    ASSERT_FALSE(connect_to(folder.path() + "/qmp.sock"));
    ASSERT_EQ(errno, EAGAIN);
    adopt();
    supervisor.start();
    loop.advance(std::chrono::minutes{30});
    expect(Kind::unreachable);
    accept_adopter();  // that was the first one
    loop.advance(std::chrono::minutes{1});
    greet();
    answer_status("running");
    expect(Kind::up);
}

TEST_F(QemuAdoptionTest, AMonitorThatHangsUpIsTriedAgain) {
    listen();
    adopt();
    supervisor.start();
    accept_adopter();
    monitor.reset();
    loop.run_ready();
    loop.advance(std::chrono::milliseconds{50});
    greet();
    monitor.reset();
    loop.run_ready();
    loop.advance(std::chrono::milliseconds{100});
    greet();
    answer_status("running");
    expect(Kind::up);
}

TEST_F(QemuAdoptionTest, AMonitorThatTalksNonsenseIsLeftAlone) {
    listen();
    adopt();
    supervisor.start();
    accept_adopter();
    say("HTTP/1.1 400");
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::unreachable);
    EXPECT_TRUE(holds(event.text, "does not speak QMP")) << event.text;
    EXPECT_TRUE(supervisor.signals.empty());
    loop.advance(std::chrono::minutes{30});
    EXPECT_TRUE(events.empty());
    supervisor.exit_with(0);
    expect(Kind::exited, Reason::unknown);
}

}  // namespace
}  // namespace apiary::hypervisor
