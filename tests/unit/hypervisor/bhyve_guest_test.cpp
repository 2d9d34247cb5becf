// The bhyve backend with a process that the test plays, and a bhyvectl that is a script.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "hypervisor/hypervisors.hpp"
#include "support/fake_loop.hpp"
#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

using Kind = GuestEvent::Kind;
using test::holds;

class BhyveGuestTest : public testing::Test {
protected:
    void launch(Definition definition = test::plain_definition(Loader::uefi)) {
        definition.backend = BackendKind::bhyve;
        options.bhyve = "/usr/sbin/bhyve";
        options.bhyve_as_owner = true;
        bhyve = make_bhyve(loop, supervisor, options);
        LaunchRequest request;
        request.definition = std::make_shared<Definition>(std::move(definition));
        request.run_dir = folder.path();
        guest = bhyve->launch(std::move(request), [this](GuestEvent const& event) { events.push_back(event); });
        loop.run_ready();
    }
    void bring_up() {
        supervisor.start();
        expect(Kind::up);
    }
    void adopt() {
        auto definition = test::plain_definition(Loader::uefi);
        definition.backend = BackendKind::bhyve;
        bhyve = make_bhyve(loop, supervisor, options);
        LaunchRequest request;
        request.definition = std::make_shared<Definition>(std::move(definition));
        request.run_dir = folder.path();
        request.launch = 2;
        guest = bhyve->adopt(std::move(request), [this](GuestEvent const& event) { events.push_back(event); });
        EXPECT_EQ(supervisor.reattached.run_dir, folder.path());
        EXPECT_EQ(supervisor.reattached.launch, 2U);
        EXPECT_TRUE(events.empty());
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
    // Writes what it is asked for, and ends with `status`.
    void provide_bhyvectl(int status) {
        options.bhyvectl = folder.path() + "/bhyvectl";
        std::ofstream{options.bhyvectl} << "#!/bin/sh\necho \"$@\" >> " << folder.path() << "/asked\nexit " << status
                                        << "\n";
        ASSERT_EQ(::chmod(options.bhyvectl.c_str(), 0700), 0);
    }
    auto asked() -> std::string {
        std::ostringstream text;
        text << std::ifstream{folder.path() + "/asked"}.rdbuf();
        return text.str();
    }

    test::FakeLoop loop;
    test::RecordingSupervisor supervisor;
    test::TemporaryFolder folder;
    Options options;
    std::unique_ptr<Hypervisor> bhyve;
    std::deque<GuestEvent> events;
    std::unique_ptr<Guest> guest;
};

TEST_F(BhyveGuestTest, IsUpWhenItIsExecuted) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.bhyve_env = {"A=b"};
    launch(definition);
    EXPECT_TRUE(events.empty());
    EXPECT_EQ(supervisor.request.argv.at(0), "/usr/sbin/bhyve");
    EXPECT_EQ(supervisor.request.argv.back(), "web");
    EXPECT_EQ(supervisor.request.env.back(), "A=b");
    bring_up();
}

TEST_F(BhyveGuestTest, TheConsoleIsATerminalInRawMode) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.com[0] = test::auto_port();
    launch(definition);
    ASSERT_TRUE(supervisor.request.console);
    auto const text = test::joined(supervisor.request.argv);
    EXPECT_TRUE(holds(text, "-l com1,/dev/pts/"));
    // The end that the child holds: what is written there arrives unchanged, and nothing comes back.
    int const slave = supervisor.fd_numbered(3);
    ASSERT_GE(slave, 0);
    ASSERT_EQ(::write(slave, "a\n", 2), 2);
    std::array<char, 16> buffer{};
    EXPECT_EQ(::read(supervisor.request.console.get(), buffer.data(), buffer.size()), 2);
    ASSERT_EQ(::write(supervisor.request.console.get(), "b", 1), 1);
    EXPECT_EQ(::read(slave, buffer.data(), buffer.size()), 1);
    EXPECT_EQ(buffer[0], 'b');
}

TEST_F(BhyveGuestTest, SecretsAreInAFileThatGoes) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.graphics.on = true;
    definition.graphics.password = "hunter2";
    launch(definition);
    auto const path = folder.path() + "/bhyve.conf";
    EXPECT_FALSE(holds(test::joined(supervisor.request.argv), "hunter2"));
    EXPECT_TRUE(holds(test::joined(supervisor.request.argv), " -k " + path + " web"));
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    EXPECT_EQ(text.str(), "pci.0.3.0.password=hunter2\n");
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    bring_up();
    supervisor.exit_with(1);
    expect(Kind::exited, Reason::guest_poweroff);
    EXPECT_NE(::stat(path.c_str(), &info), 0);
}

TEST_F(BhyveGuestTest, ThePowerButtonIsASignal) {
    launch();
    bring_up();
    guest->press_power_button(5);
    EXPECT_EQ(supervisor.signals, std::vector{SIGTERM});
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::request_done);
    EXPECT_EQ(event.request, 5U);
}

TEST_F(BhyveGuestTest, WhatItCannotDo) {
    launch();
    bring_up();
    guest->pause(1);
    expect(Kind::request_failed);
    guest->resume(2);
    expect(Kind::request_failed);
    guest->reset(3);
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::request_failed);
    EXPECT_TRUE(holds(event.text, "/dev/vmm"));
}

TEST_F(BhyveGuestTest, EachExit) {
    for (auto const& [status, reason] :
         {std::pair{0, Reason::guest_reboot}, std::pair{1, Reason::guest_poweroff}, std::pair{2, Reason::guest_halt},
          std::pair{3, Reason::triple_fault}, std::pair{4, Reason::error}, std::pair{64, Reason::error}}) {
        launch();
        bring_up();
        supervisor.exit_with(status);
        expect(Kind::exited, reason);
    }
    launch();
    bring_up();
    supervisor.exit_by_signal(SIGSEGV);
    expect(Kind::exited, Reason::killed);
}

TEST_F(BhyveGuestTest, WithoutControlQuitKills) {
    launch();
    bring_up();
    guest->quit();
    EXPECT_EQ(supervisor.signals, std::vector{SIGKILL});
    supervisor.exit_by_signal(SIGKILL);
    expect(Kind::exited, Reason::requested);
}

TEST_F(BhyveGuestTest, ControlThroughBhyvectl) {
    provide_bhyvectl(0);
    launch();
    bring_up();
    guest->reset(1);
    expect(Kind::request_done);
    EXPECT_EQ(asked(), "--vm=web --force-reset\n");
    guest->quit();
    loop.run_ready();
    EXPECT_EQ(asked(), "--vm=web --force-reset\n--vm=web --force-poweroff\n");
    EXPECT_TRUE(supervisor.signals.empty());
    supervisor.exit_with(1);
    expect(Kind::exited, Reason::requested);
    EXPECT_TRUE(asked().ends_with("--vm=web --destroy\n"));
}

TEST_F(BhyveGuestTest, ARebootKeepsTheVm) {
    provide_bhyvectl(0);
    launch();
    bring_up();
    supervisor.exit_with(0);
    expect(Kind::exited, Reason::guest_reboot);
    EXPECT_EQ(asked(), "");
}

TEST_F(BhyveGuestTest, BhyvectlThatFails) {
    provide_bhyvectl(3);
    launch();
    bring_up();
    guest->reset(1);
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::request_failed);
    EXPECT_TRUE(holds(event.text, "--force-reset ended with status 3")) << event.text;
    supervisor.exit_with(1);
    expect(Kind::exited, Reason::guest_poweroff);
}

TEST_F(BhyveGuestTest, BhyvectlThatIsNotThere) {
    options.bhyvectl = "/nonexistent/bhyvectl";
    launch();
    bring_up();
    guest->reset(1);
    EXPECT_TRUE(holds(take().text, "/nonexistent/bhyvectl: No such file"));
}

TEST_F(BhyveGuestTest, WhatItTellsOfItself) {
    launch();
    EXPECT_EQ(bhyve->kind(), BackendKind::bhyve);
    EXPECT_FALSE(bhyve->can_pause());
    EXPECT_FALSE(bhyve->reboots_in_process());
    EXPECT_FALSE(bhyve->has_loader(test::plain_definition(Loader::uefi)));
}

TEST_F(BhyveGuestTest, AdoptedItIsAProcessThatLives) {
    adopt();
    bring_up();
    guest->press_power_button(1);
    EXPECT_EQ(supervisor.signals, std::vector{SIGTERM});
    expect(Kind::request_done);
    std::ofstream{folder.path() + "/bhyve.conf"} << "password";
    supervisor.exit_with(1);
    expect(Kind::exited, Reason::guest_poweroff);
    EXPECT_FALSE(std::filesystem::exists(folder.path() + "/bhyve.conf"));
    guest->forget();
    EXPECT_EQ(supervisor.forgotten, 1);
    EXPECT_EQ(supervisor.spawned, 0);
}

TEST_F(BhyveGuestTest, AShimThatDiesRightAfterTheLaunchHidesNoGuest) {
    launch();
    supervisor.say({.kind = SupervisedEvent::Kind::orphaned, .pid = 4711, .status = {}, .text = {}});
    expect(Kind::up);
    expect(Kind::orphaned);
    EXPECT_TRUE(events.empty());
}

TEST_F(BhyveGuestTest, AFileThatIsNotOpenAnyMoreIsNotOpenedByItsPath) {
    bhyve = make_bhyve(loop, supervisor, options);
    LaunchRequest request;
    request.definition = std::make_shared<Definition>(test::plain_definition(Loader::uefi));
    request.run_dir = folder.path();
    request.contributions = {test::contributed("fd", "disk0", "")};
    guest = bhyve->launch(std::move(request), [this](GuestEvent const& event) { events.push_back(event); });
    auto const event = take();
    EXPECT_EQ(event.kind, Kind::exec_failed);
    EXPECT_TRUE(holds(event.text, "disk0")) << event.text;
    loop.run_ready();
    EXPECT_EQ(supervisor.spawned, 0);
}

TEST_F(BhyveGuestTest, WhatItEndedWithMeanwhileIsTold) {
    for (auto const& [status, reason] : std::map<int, Reason>{{0, Reason::guest_reboot},
                                                              {1, Reason::guest_poweroff},
                                                              {2, Reason::guest_halt},
                                                              {3, Reason::triple_fault},
                                                              {4, Reason::error}}) {
        adopt();
        supervisor.exit_with(status);
        expect(Kind::exited, reason);
        loop.advance(std::chrono::minutes{1});
        EXPECT_TRUE(events.empty());
    }
}

TEST_F(BhyveGuestTest, AdoptionOfAnOrphanOfNothingAndOfSilence) {
    adopt();
    supervisor.say({.kind = SupervisedEvent::Kind::orphaned, .pid = 4711, .status = {}, .text = {}});
    expect(Kind::up);
    expect(Kind::orphaned);
    supervisor.exit({});
    expect(Kind::exited, Reason::unknown);
    adopt();
    supervisor.say({.kind = SupervisedEvent::Kind::never_started, .pid = 0, .status = {}, .text = {}});
    expect(Kind::absent);
    adopt();
    loop.advance(std::chrono::seconds{30});
    expect(Kind::unreachable);
    bring_up();
}

}  // namespace
}  // namespace apiary::hypervisor
