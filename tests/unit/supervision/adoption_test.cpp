// What the next daemon makes of a run folder: what lives there, what ended there, and what never began and never will.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>

#include "bench.hpp"
#include "supervision/children.hpp"
#include "supervision/launch_record.hpp"
#include "supervision/packet_socket.hpp"
#include "supervision/protocol.h"
#include "supervision/run_folder.hpp"
#include "supervision/shim_message.hpp"
#include "supervision/tickets.hpp"

namespace apiary::test {
namespace {

using Kind = SupervisedEvent::Kind;
using namespace supervision;  // NOLINT(google-build-using-namespace): the tests are about its parts
namespace fs = std::filesystem;

class Adoption : public Bench {
protected:
    auto run_number(std::uint64_t launch, std::string const& text) -> std::unique_ptr<Spawned> {
        auto request = script(text);
        request.launch = launch;
        return spawn(std::move(request));
    }
    void daemon_dies(std::unique_ptr<Spawned>& run) {
        run.reset();
        supervisor = make_supervisor(loop, options);
    }
    auto adopt(std::uint64_t launch) -> std::unique_ptr<Spawned> {
        auto run = std::make_unique<Spawned>();
        run->handle =
            supervisor->reattach(Reattachment{.run_dir = run_dir, .launch = launch},
                                 [at = run.get()](SupervisedEvent const& event) { at->events.push_back(event); });
        EXPECT_TRUE(run->events.empty());
        return run;
    }
    auto is_never_started(std::uint64_t launch) -> bool {
        auto const run = adopt(launch);
        EXPECT_TRUE(loop.run_until([&] { return !run->events.empty(); }));
        return run->events.front().kind == Kind::never_started && run->handle->pid() == 0;
    }
    // Ends by itself, and its exit record with it.
    void end_number(std::uint64_t launch, int status) {
        auto run = run_number(launch, "exit " + std::to_string(status));
        EXPECT_EQ(wait_for(*run, Kind::exited).status.value, status);
        daemon_dies(run);
    }
    auto tickets() -> int {
        int count = 0;
        for (auto const& entry : fs::directory_iterator{run_dir}) {
            count += entry.path().filename().string().starts_with("ticket.") ? 1 : 0;
        }
        return count;
    }
};

TEST_F(Adoption, OfWhatLives) {
    auto run = run_number(3, "exec sleep 1000");
    auto const pid = wait_for(*run, Kind::started).pid;
    EXPECT_EQ(tickets(), 0);
    daemon_dies(run);
    auto const again = adopt(3);
    EXPECT_EQ(wait_for(*again, Kind::started).pid, pid);
    again->handle->signal(SIGTERM);
    EXPECT_EQ(wait_for(*again, Kind::exited).status.value, SIGTERM);
    again->handle->forget();
    EXPECT_FALSE(read_exit_record(run_dir));
    EXPECT_TRUE(fs::exists(run_dir));  // its step removes it
}

TEST_F(Adoption, OfAnOrphan) {
    auto run = run_number(3, "exec sleep 1000");
    auto const pid = wait_for(*run, Kind::started).pid;
    auto const shim = shim_of(*run);
    daemon_dies(run);
    kill_process(shim, SIGKILL);
    ASSERT_TRUE(wait_until_gone(shim));
    auto const again = adopt(3);
    EXPECT_EQ(wait_for(*again, Kind::orphaned).pid, pid);
    again->handle->signal(SIGKILL);
    EXPECT_FALSE(wait_for(*again, Kind::exited).status.known);
}

TEST_F(Adoption, AnEndIsToldUntilItIsTakenNoteOf) {
    end_number(1, 4);
    for (int daemon = 0; daemon < 2; ++daemon) {
        auto again = adopt(1);
        auto const exited = wait_for(*again, Kind::exited);
        EXPECT_TRUE(exited.status.known);
        EXPECT_EQ(exited.status.value, 4);
        daemon_dies(again);
    }
    auto const last = adopt(1);
    (void)wait_for(*last, Kind::exited);
    last->handle->forget();
    EXPECT_FALSE(fs::exists(run_dir + "/exit"));
}

TEST_F(Adoption, OfAFailedExecution) {
    auto request = script("");
    request.argv = {"/nonexistent"};
    request.launch = 1;
    auto run = spawn(std::move(request));
    (void)wait_for(*run, Kind::exec_failed);
    daemon_dies(run);
    auto const again = adopt(1);
    EXPECT_NE(wait_for(*again, Kind::exec_failed).text.find("No such file"), std::string::npos);
}

TEST_F(Adoption, OfNothing) {
    EXPECT_TRUE(is_never_started(1));
    EXPECT_TRUE(is_never_started(0));
    fs::remove_all(run_dir);
    EXPECT_TRUE(is_never_started(1));
}

TEST_F(Adoption, LaunchesInOneFolderAreToldApart) {
    end_number(1, 0);  // a guest that rebooted: it is to be launched again
    EXPECT_TRUE(is_never_started(2));
    auto const first = adopt(1);
    EXPECT_TRUE(wait_for(*first, Kind::exited).status.known);
    end_number(2, 3);
    EXPECT_TRUE(is_never_started(1));
    auto const any = adopt(0);
    EXPECT_EQ(wait_for(*any, Kind::exited).status.value, 3);
}

TEST_F(Adoption, WhatAnEarlierLaunchLeftBehindIsNotTheNextOne) {
    auto const helper = root + "/helper";
    auto run = run_number(1, "setsid sh -c 'echo $$ > " + helper + ".tmp; mv " + helper + ".tmp " + helper +
                                 "; exec sleep 1000' & while ! [ -e " + helper + " ]; do sleep 0.01; done");
    (void)wait_for(*run, Kind::exited);
    ASSERT_TRUE(lock_is_held(run_dir, vm_lock_file));
    daemon_dies(run);
    EXPECT_TRUE(is_never_started(2));
    kill_process({.pid = std::stoi(read_file(helper)), .start = 0}, SIGKILL);
    EXPECT_TRUE(loop.run_until([&] { return !lock_is_held(run_dir, vm_lock_file); }));
}

TEST_F(Adoption, OfAnotherBootNothingIsBelieved) {
    end_number(1, 4);
    for (auto const* const name : {"/pid", "/exit"}) {
        auto text = read_file(run_dir + name);
        text.replace(text.find("boot ") + 5, 4, "0000");
        // A process that lives: it only has the number.
        auto const pid = text.find("pid ", text.find('\n')) + 4;
        text.replace(pid, text.find('\n', pid) - pid, std::to_string(::getpid()));
        std::ofstream{run_dir + name} << text;
    }
    auto const again = adopt(1);
    auto const exited = wait_for(*again, Kind::exited);
    EXPECT_FALSE(exited.status.known);
    EXPECT_NE(exited.text.find("restarted"), std::string::npos) << exited.text;
    EXPECT_EQ(again->handle->pid(), 0);
    EXPECT_TRUE(is_never_started(2));
}

TEST_F(Adoption, AProcessThatOnlyHasTheNumberIsNotOurs) {
    end_number(1, 4);
    fs::remove(run_dir + "/exit");
    auto text = read_file(run_dir + "/pid");
    auto const pid = text.find("pid ", text.find('\n')) + 4;
    text.replace(pid, text.find('\n', pid) - pid, std::to_string(::getpid()));
    std::ofstream{run_dir + "/pid"} << text;  // with the start time of the one that is gone
    auto const again = adopt(1);
    again->handle->signal(SIGKILL);  // would be the end of this test
    EXPECT_FALSE(wait_for(*again, Kind::exited).status.known);
}

TEST_F(Adoption, ADamagedRecordIsNotTakenForNothing) {
    std::ofstream{run_dir + "/pid"} << "apiary-pid 1\nboot ";
    auto const again = adopt(1);
    EXPECT_FALSE(wait_for(*again, Kind::exited).status.known);
}

TEST_F(Adoption, WhatIsRememberedIsLeftAlone) {
    end_number(1, 4);
    EXPECT_TRUE(supervisor->find_running({run_dir}).empty());
    EXPECT_TRUE(read_exit_record(run_dir));
    EXPECT_TRUE(supervisor->find_running().empty());
    EXPECT_FALSE(fs::exists(run_dir));
}

TEST_F(Adoption, OfAStoppedShimIsFinishedWhenItGoesOn) {
    auto run = run_number(1, "exec sleep 1000");
    auto const pid = wait_for(*run, Kind::started).pid;
    auto const shim = shim_of(*run);
    kill_process(shim, SIGSTOP);
    daemon_dies(run);
    auto const again = adopt(1);
    EXPECT_EQ(again->handle->pid(), pid);
    kill_process(shim, SIGCONT);
    (void)wait_for(*again, Kind::started);
}

// -- shims that come too late -----------------------------------------------------------------------------------------

// A shim that was stopped while it waits for its launch record, as it would be found where a daemon died after it had
// sent that.
class LateShim : public Adoption {
protected:
    void begin() {
        auto sockets = packet_pair();
        ASSERT_TRUE(sockets);
        setup_ = std::move(sockets->ours);
        ASSERT_GT(children_.spawn(options.shim, {"apiary-shim", "late"}, std::move(sockets->theirs)), 0);
        Packet packet;
        auto const watch = loop.watch(setup_.get(), Readiness::readable, [] {});
        ASSERT_TRUE(loop.run_until([&] { return receive_packet(setup_.get(), packet) == Transfer::done; }));
        shim_.pid = IncomingMessage::parse(packet.bytes)->i32(APIARY_FIELD_SHIM_PID).value();
        kill_process(shim_, SIGSTOP);
        ASSERT_TRUE(loop.run_until([&] {
            auto const stat = read_file("/proc/" + std::to_string(shim_.pid) + "/stat");
            return stat.find(") T ") != std::string::npos;
        }));
    }
    void send_record(std::string const& ticket) {
        auto request = script("echo x > " + marker());
        request.launch = 1;
        auto record = launch_record(std::move(request), 1, ticket);
        auto& parts = std::get<std::vector<OutgoingMessage>>(record);
        for (auto const& part : parts) {
            ASSERT_EQ(send_packet(setup_.get(), part.bytes(), {}), Transfer::done);
        }
    }
    // The whole of it, in time or not.
    auto goes_on_and_executes() -> bool {
        setup_.reset();
        kill_process(shim_, SIGCONT);
        EXPECT_TRUE(wait_until_gone(shim_));
        return fs::exists(marker());
    }
    auto marker() -> std::string { return root + "/executed"; }

    Children children_{loop};
    UniqueFd setup_;
    ProcessId shim_;
};

TEST_F(LateShim, InTimeItExecutesWithoutADaemon) {
    begin();
    auto const ticket = issue_ticket(run_dir);
    ASSERT_EQ(ticket.fault, "");
    send_record(ticket.name);
    EXPECT_TRUE(goes_on_and_executes());
    auto const again = adopt(1);
    EXPECT_TRUE(wait_for(*again, Kind::exited).status.known);
}

TEST_F(LateShim, JudgedAbsentItExecutesNothing) {
    begin();
    send_record(issue_ticket(run_dir).name);
    EXPECT_TRUE(is_never_started(1));
    EXPECT_FALSE(goes_on_and_executes());
    EXPECT_TRUE(is_never_started(1));
}

TEST_F(LateShim, ItTakesNothingFromTheNextLaunch) {
    begin();
    send_record(issue_ticket(run_dir).name);
    EXPECT_TRUE(is_never_started(1));
    auto const next = run_number(2, "exec sleep 1000");
    (void)wait_for(*next, Kind::started);
    EXPECT_FALSE(goes_on_and_executes());
    EXPECT_FALSE(next->saw(Kind::exited));
    EXPECT_EQ(read_pid_record(run_dir)->launch, 2U);
}

TEST_F(LateShim, ANewTicketIsNotForIt) {
    begin();
    send_record(issue_ticket(run_dir).name);
    EXPECT_TRUE(is_never_started(1));
    ASSERT_EQ(issue_ticket(run_dir).fault, "");
    EXPECT_FALSE(goes_on_and_executes());
    EXPECT_EQ(tickets(), 1);
}

TEST_F(LateShim, InAFolderThatWasRemovedItExecutesNothing) {
    begin();
    send_record(issue_ticket(run_dir).name);
    EXPECT_TRUE(supervisor->find_running().empty());
    EXPECT_FALSE(fs::exists(run_dir));
    run_dir = make_run_dir();  // the VM starts anew
    EXPECT_FALSE(goes_on_and_executes());
}

TEST_F(LateShim, ALockThatItCannotGetIsTheEnd) {
    begin();
    send_record(issue_ticket(run_dir).name);
    UniqueFd const lock{::open((run_dir + "/shim.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
    EXPECT_FALSE(goes_on_and_executes());
    EXPECT_EQ(tickets(), 1);
}

TEST_F(LateShim, ARecordThatWasCutOffIsTheEnd) {
    begin();
    auto request = script("echo x > " + marker());
    request.env.emplace_back("PADDING=" + std::string(APIARY_SHIM_PACKET_MAX - 100, 'x'));  // a second packet
    auto const ticket = issue_ticket(run_dir);
    auto record = launch_record(std::move(request), 1, ticket.name);
    auto const& parts = std::get<std::vector<OutgoingMessage>>(record);
    ASSERT_GT(parts.size(), 1U);
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        ASSERT_EQ(send_packet(setup_.get(), parts[i].bytes(), {}), Transfer::done);
    }
    EXPECT_FALSE(goes_on_and_executes());
    EXPECT_EQ(tickets(), 1);
    EXPECT_TRUE(is_never_started(1));
    EXPECT_EQ(tickets(), 0);
}

// Without being stopped, at whatever instant the next daemon comes.
TEST_F(LateShim, WhatIsJudgedIsWhatHappens) {
    for (unsigned round = 0; round < 40; ++round) {
        run_dir = make_run_dir(2, round + 1);
        begin();
        send_record(issue_ticket(run_dir).name);
        setup_.reset();
        kill_process(shim_, SIGCONT);
        for (unsigned turn = 0; turn < round * 50; ++turn) {
            (void)::sched_yield();
        }
        auto const again = adopt(1);
        EXPECT_TRUE(loop.run_until([&] { return !again->events.empty(); }));
        bool const absent = again->events.front().kind == Kind::never_started;
        if (!absent) {
            (void)wait_for(*again, Kind::exited);
        }
        EXPECT_TRUE(wait_until_gone(shim_));
        EXPECT_EQ(fs::exists(marker()), !absent);
        fs::remove(marker());
    }
}

TEST_F(LateShim, ATicketIsAFileOfThatKindInTheFolder) {
    auto const precious = root + "/precious";
    std::ofstream{precious} << "x";
    for (auto const& ticket : {std::string{"exit"}, std::string{"ticket./../../../precious"}}) {
        begin();
        send_record(ticket);
        EXPECT_FALSE(goes_on_and_executes());
    }
    EXPECT_TRUE(fs::exists(precious));
}

}  // namespace
}  // namespace apiary::test
