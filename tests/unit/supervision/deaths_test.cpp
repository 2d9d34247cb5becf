// Who dies when: shim, hypervisor and daemon, and what the others learn of it. And what a shim makes of nonsense.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "bench.hpp"
#include "supervision/packet_socket.hpp"
#include "supervision/protocol.h"
#include "supervision/run_folder.hpp"
#include "supervision/run_record.hpp"
#include "supervision/shim_message.hpp"

namespace apiary::test {
namespace {

using Kind = SupervisedEvent::Kind;
using namespace supervision;  // NOLINT(google-build-using-namespace): the tests are about its parts

class Deaths : public Bench {
protected:
    auto sleeper() -> std::unique_ptr<Spawned> {
        auto run = spawn(script("exec sleep 1000"));
        (void)wait_for(*run, Kind::started);
        return run;
    }
    void write_record(std::string const& dir) {
        RunRecord record;
        record.name = "guest one";
        record.id = 1;
        record.incarnation = 1;
        record.boot_id = boot_id();
        ASSERT_EQ(write_run_file(dir, record_file, to_json(record)), "");
    }
    void daemon_dies(std::unique_ptr<Spawned>& run) {
        run.reset();
        supervisor = make_supervisor(loop, options);
    }
};

TEST_F(Deaths, OfTheHypervisor) {
    auto const run = sleeper();
    kill_process(read_pid_record(run_dir)->process, SIGKILL);
    auto const exited = wait_for(*run, Kind::exited);
    EXPECT_TRUE(exited.status.known && exited.status.signaled);
    EXPECT_EQ(exited.status.value, SIGKILL);
}

TEST_F(Deaths, OfTheShimThenTheHypervisor) {
    auto const run = sleeper();
    kill_process(shim_of(*run), SIGKILL);
    auto const orphaned = wait_for(*run, Kind::orphaned);
    EXPECT_EQ(orphaned.pid, run->handle->pid());
    EXPECT_FALSE(run->saw(Kind::exited));
    Terminal viewer;
    EXPECT_EQ(attach(*run, viewer, ConsoleMode::read), ConsoleResult::gone);
    run->handle->signal(SIGKILL);  // works without the shim
    EXPECT_FALSE(wait_for(*run, Kind::exited).status.known);
    EXPECT_FALSE(who_lives_in(run_dir).any());
}

TEST_F(Deaths, OfBothAtOnce) {
    auto const run = sleeper();
    auto const shim = shim_of(*run);
    kill_process(shim, SIGSTOP);
    kill_process(read_pid_record(run_dir)->process, SIGKILL);
    kill_process(shim, SIGKILL);
    EXPECT_FALSE(wait_for(*run, Kind::exited).status.known);
}

TEST_F(Deaths, OfTheDaemonAlone) {
    auto run = sleeper();
    auto const pid = run->handle->pid();
    write_record(run_dir);
    daemon_dies(run);
    auto const found = supervisor->find_running();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].name, "guest one");
    EXPECT_EQ(found[0].run_dir, run_dir);
    auto const again = reattach(run_dir);
    EXPECT_EQ(again->handle->pid(), pid);
    (void)wait_for(*again, Kind::started);
    again->handle->signal(SIGTERM);
    auto const exited = wait_for(*again, Kind::exited);
    EXPECT_TRUE(exited.status.known);
    EXPECT_EQ(exited.status.value, SIGTERM);
    again->handle->forget();
    EXPECT_TRUE(loop.run_until([&] { return !std::filesystem::exists(run_dir); }));
}

TEST_F(Deaths, OfTheDaemonThenTheShim) {
    auto run = sleeper();
    auto const shim = shim_of(*run);
    write_record(run_dir);
    daemon_dies(run);
    kill_process(shim, SIGKILL);
    ASSERT_TRUE(wait_until_gone(shim));
    ASSERT_EQ(supervisor->find_running().size(), 1U);
    auto const again = reattach(run_dir);
    (void)wait_for(*again, Kind::orphaned);
    again->handle->signal(SIGKILL);
    EXPECT_FALSE(wait_for(*again, Kind::exited).status.known);
}

TEST_F(Deaths, OfAll) {
    auto run = sleeper();
    auto const shim = shim_of(*run);
    auto const hypervisor = read_pid_record(run_dir)->process;
    write_record(run_dir);
    daemon_dies(run);
    kill_process(shim, SIGKILL);
    ASSERT_TRUE(wait_until_gone(shim));
    kill_process(hypervisor, SIGKILL);
    ASSERT_TRUE(wait_until_gone(hypervisor));
    EXPECT_TRUE(supervisor->find_running().empty());
    EXPECT_FALSE(std::filesystem::exists(run_dir));
    EXPECT_TRUE(reports.empty());
}

// The processes whose only argument this is.
auto processes_with(std::string const& argument) -> std::vector<ProcessId> {
    std::vector<ProcessId> found;
    for (auto const& entry : std::filesystem::directory_iterator{"/proc"}) {
        auto const name = entry.path().filename().string();
        std::ifstream file{entry.path() / "cmdline"};
        std::string const line{std::istreambuf_iterator<char>{file}, {}};
        if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; }) &&
            line.ends_with('\0' + argument + '\0')) {
            found.push_back({.pid = std::stoi(name)});
        }
    }
    return found;
}

// Nobody is left to send it anything, and nobody has heard of it: it ends by itself, even before it has said a word.
TEST_F(Deaths, OfTheDaemonBeforeItsShimGreets) {
    auto const title = "guest of " + root;
    auto sockets = packet_pair();
    ASSERT_TRUE(sockets);
    sockets->ours.reset();
    auto const shim = options.shim;
    std::string program = "apiary-shim", argument = title;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ASSERT_EQ(::posix_spawn_file_actions_init(&actions), 0);
    ASSERT_EQ(::posix_spawn_file_actions_adddup2(&actions, sockets->theirs.get(), 0), 0);
    pid_t first = 0;
    ASSERT_EQ(::posix_spawn(&first, shim.c_str(), &actions, nullptr, arguments, nullptr), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ASSERT_EQ(::waitpid(first, nullptr, 0), first);  // the second one is there by then, or has been
    for (auto const& process : processes_with(title)) {
        EXPECT_TRUE(wait_until_gone(process));
    }
}

TEST_F(Deaths, OfTheHypervisorWhileThereIsNoDaemon) {
    auto run = sleeper();
    auto const hypervisor = read_pid_record(run_dir)->process;
    daemon_dies(run);
    kill_process(hypervisor, SIGTERM);
    // The shim does not wait for a daemon: the exit record says all.
    ASSERT_TRUE(loop.run_until([&] { return !who_lives_in(run_dir).any(); }));
    auto const again = reattach(run_dir);
    auto const exited = wait_for(*again, Kind::exited);
    EXPECT_TRUE(exited.status.known);
    EXPECT_EQ(exited.status.value, SIGTERM);
}

TEST_F(Deaths, WithADamagedRecordItIsShownByItsTitle) {
    auto run = sleeper();
    std::ofstream{run_dir + "/vm.json"} << "{\"format\": 1, \"name\": ";
    daemon_dies(run);
    auto const found = supervisor->find_running();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].name, "guest one");
    EXPECT_EQ(found[0].owner, 0U);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_NE(reports[0].find("is damaged"), std::string::npos) << reports[0];
}

TEST_F(Deaths, ADamagedRecordOfTheDeadIsKeptAside) {
    std::ofstream{run_dir + "/vm.json"} << "no JSON";
    EXPECT_TRUE(supervisor->find_running().empty());
    EXPECT_TRUE(std::filesystem::exists(run_dir + ".damaged/vm.json"));
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_NE(reports[0].find("set aside"), std::string::npos) << reports[0];
    EXPECT_TRUE(supervisor->find_running().empty());  // and it is not looked at again
    std::filesystem::remove_all(run_dir + ".damaged");
}

TEST_F(Deaths, AProcessOfAnotherBootOrStartIsNotOurs) {
    auto run = sleeper();
    auto record = *read_pid_record(run_dir);
    auto const text = read_file(run_dir + "/pid");
    EXPECT_TRUE(find_process(record.process).process.has_value());
    ++record.process.start;
    EXPECT_TRUE(find_process(record.process).gone);
    auto other_boot = text;
    other_boot.replace(text.find("boot ") + 5, 4, "0000");
    std::ofstream{run_dir + "/pid"} << other_boot;
    EXPECT_FALSE(read_pid_record(run_dir));
    EXPECT_TRUE(who_lives_in(run_dir).hypervisor);  // by its lock
    std::ofstream{run_dir + "/pid"} << text.substr(0, text.size() - 3);
    EXPECT_FALSE(read_pid_record(run_dir));  // not complete
    std::ofstream{run_dir + "/pid"} << text;
}

TEST_F(Deaths, AnEndThatCannotBeWrittenDownIsKeptUntilItIsTakenNoteOf) {
    auto run = sleeper();
    auto const shim = shim_of(*run);
    std::filesystem::create_directories(run_dir + "/exit/in the way");
    run->handle->signal(SIGTERM);
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, SIGTERM);
    daemon_dies(run);
    auto const again = reattach(run_dir);
    EXPECT_EQ(wait_for(*again, Kind::exited).status.value, SIGTERM);
    EXPECT_FALSE(find_process(shim).gone);
    again->handle->forget();
    EXPECT_TRUE(wait_until_gone(shim));
}

// -- nonsense ---------------------------------------------------------------------------------------------------------

class Nonsense : public Deaths {
protected:
    auto connect() -> UniqueFd {
        auto fd = connect_packet_socket(run_dir + "/sock");
        EXPECT_TRUE(fd);
        return fd;
    }
    // Reads packets until the shim hangs up.
    auto is_dropped(int fd) -> bool {
        auto const watch = loop.watch(fd, Readiness::readable, [] {});
        return loop.run_until([&] {
            Packet packet;
            return receive_packet(fd, packet) == Transfer::closed;
        });
    }
};

TEST_F(Nonsense, IsDroppedAndHarmsNobody) {
    auto const run = sleeper();
    auto const field = [](std::uint16_t type, std::uint32_t length) {
        apiary_field const header{.type = type, .reserved = 0, .length = length};
        return std::string{reinterpret_cast<char const*>(&header), sizeof header};
    };
    std::vector<std::string> const packets{
        "x",
        std::string(APIARY_SHIM_PACKET_MAX + 1, '\0'),
        OutgoingMessage{APIARY_MSG_SIGNAL}.bytes(),
        OutgoingMessage{APIARY_MSG_ATTACH}.bytes(),
        OutgoingMessage{APIARY_MSG_LAUNCH}.text(APIARY_FIELD_ARG, "/bin/sh").bytes(),
        OutgoingMessage{APIARY_MSG_SIGNAL}.bytes() + field(APIARY_FIELD_VALUE, 0xFFFFFFFF),
        OutgoingMessage{APIARY_MSG_SIGNAL}.bytes() + "abc",
        OutgoingMessage{APIARY_MSG_SIGNAL}.text(APIARY_FIELD_VALUE, "12345").bytes(),
    };
    for (auto const& packet : packets) {
        auto const fd = connect();
        (void)send_packet(fd.get(), packet, {});
        EXPECT_TRUE(is_dropped(fd.get())) << packet.size();
    }
    EXPECT_FALSE(run->saw(Kind::exited));
    run->handle->signal(SIGTERM);
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, SIGTERM);
}

TEST_F(Nonsense, UnknownMessagesAndFieldsAreSkipped) {
    auto const run = sleeper();
    auto const fd = connect();
    (void)send_packet(fd.get(), OutgoingMessage{999}.text(888, "from the future").bytes(), {});
    (void)send_packet(
        fd.get(), OutgoingMessage{APIARY_MSG_SIGNAL, 5}.text(888, "?").u32(APIARY_FIELD_VALUE, SIGTERM).bytes(), {});
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, SIGTERM);
    std::vector<std::uint32_t> types;
    Packet packet;
    auto const watch = loop.watch(fd.get(), Readiness::readable, [] {});
    EXPECT_TRUE(loop.run_until([&] {
        auto const result = receive_packet(fd.get(), packet);
        if (result == Transfer::done) {
            types.push_back(IncomingMessage::parse(packet.bytes)->type());
        }
        return result == Transfer::closed;
    }));
    EXPECT_EQ(types, (std::vector<std::uint32_t>{APIARY_MSG_GREETING, APIARY_MSG_ANSWER, APIARY_MSG_EXITED}));
}

TEST_F(Nonsense, SignalsThatThereAreNotReachNobody) {
    auto const run = sleeper();
    for (int const number : {0, -1, 65, 1000}) {
        run->handle->signal(number);
    }
    run->handle->signal(SIGTERM);
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, SIGTERM);
}

TEST_F(Nonsense, TooManyConnectionsAreTurnedAway) {
    auto const run = sleeper();
    std::vector<UniqueFd> held;
    for (int i = 0; i < 7; ++i) {  // with the daemon's there are eight
        held.push_back(connect());
    }
    auto const one_more = connect();
    EXPECT_TRUE(is_dropped(one_more.get()));
    held.clear();
    EXPECT_TRUE(loop.run_until([&] {
        auto const fd = connect();
        Packet packet;
        auto const watch = loop.watch(fd.get(), Readiness::readable, [] {});
        Transfer result{};
        EXPECT_TRUE(loop.run_until([&] { return (result = receive_packet(fd.get(), packet)) != Transfer::again; }));
        return result == Transfer::done;
    }));
}

TEST_F(Nonsense, DescriptorsThatComeUnaskedAreClosed) {
    auto const run = sleeper();
    auto const shim_fds = [&, shim = shim_of(*run)] {
        return std::distance(std::filesystem::directory_iterator{"/proc/" + std::to_string(shim.pid) + "/fd"},
                             std::filesystem::directory_iterator{});
    };
    auto const fd = connect();
    auto const watch = loop.watch(fd.get(), Readiness::readable, [] {});
    Packet packet;
    ASSERT_TRUE(loop.run_until([&] { return receive_packet(fd.get(), packet) == Transfer::done; }));
    auto const before = shim_fds();
    int const passed[] = {0, 1, 2};
    auto const message = OutgoingMessage{APIARY_MSG_SIGNAL, 1}.u32(APIARY_FIELD_VALUE, 0).bytes();
    ASSERT_EQ(send_packet(fd.get(), message, passed), Transfer::done);
    ASSERT_TRUE(loop.run_until([&] { return receive_packet(fd.get(), packet) == Transfer::done; }));
    EXPECT_TRUE(loop.run_until([&] { return shim_fds() == before; }));
}

}  // namespace
}  // namespace apiary::test
