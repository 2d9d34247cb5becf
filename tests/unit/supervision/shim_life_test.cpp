// A hypervisor's life under its shim: how it is executed, and every way in which it ends.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "bench.hpp"
#include "supervision/run_folder.hpp"

namespace apiary::test {
namespace {

using Kind = SupervisedEvent::Kind;
using supervision::ProcessId;

class ShimLife : public Bench {
protected:
    // Runs a script to its end and gives what it printed.
    auto output_of(SpawnRequest request) -> std::string {
        request.log = open_log("output");
        auto const run = spawn(std::move(request));
        exited_ = wait_for(*run, Kind::exited);
        return read_file(root + "/log/output");
    }
    SupervisedEvent exited_;
};

TEST_F(ShimLife, TellsTheExitStatus) {
    auto const run = spawn(script("exit 7"));
    auto const started = wait_for(*run, Kind::started);
    auto const exited = wait_for(*run, Kind::exited);
    EXPECT_GT(started.pid, 0);
    EXPECT_EQ(exited.pid, started.pid);
    EXPECT_TRUE(exited.status.known);
    EXPECT_FALSE(exited.status.signaled);
    EXPECT_EQ(exited.status.value, 7);
    EXPECT_EQ(run->events.size(), 2U);
}

TEST_F(ShimLife, TellsTheSignal) {
    auto const run = spawn(script("kill -USR1 $$; sleep 1000"));
    auto const exited = wait_for(*run, Kind::exited);
    EXPECT_TRUE(exited.status.known);
    EXPECT_TRUE(exited.status.signaled);
    EXPECT_EQ(exited.status.value, SIGUSR1);
    EXPECT_FALSE(exited.status.core);
}

TEST_F(ShimLife, LeavesTheExitRecordBehind) {
    auto const run = spawn(script("exit 3"));
    auto const exited = wait_for(*run, Kind::exited);
    auto const record = supervision::read_exit_record(run_dir);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->process.pid, exited.pid);
    EXPECT_EQ(record->status.value, 3);
    EXPECT_EQ(record->boot, supervision::boot_id());
    // Who was told of the end finds the folder free.
    EXPECT_FALSE(supervision::lock_is_held(run_dir, supervision::shim_lock_file));
    run->handle->forget();
    EXPECT_FALSE(supervision::read_exit_record(run_dir));
}

TEST_F(ShimLife, ForwardsSignals) {
    auto request = script("trap 'exit 42' TERM; echo ready >&3; while :; do sleep 1000 & wait; done");
    auto line = make_line();
    request.fds.push_back({.fd = std::make_shared<UniqueFd>(std::move(line.theirs)), .number = 3});
    auto const run = spawn(std::move(request));
    Terminal out{std::move(line.ours)};
    ASSERT_TRUE(wait_for_text(out, "ready"));
    run->handle->signal(SIGTERM);
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, 42);
    run->handle->signal(SIGKILL);  // nobody's any more: nothing happens
}

TEST_F(ShimLife, KillsPastAStoppedShim) {
    auto const run = spawn(script("exec sleep 1000"));
    auto const pid = wait_for(*run, Kind::started).pid;
    auto const shim = shim_of(*run);
    kill_process(shim, SIGSTOP);
    run->handle->signal(SIGKILL);
    EXPECT_TRUE(wait_until_gone({.pid = pid, .start = 0}));
    kill_process(shim, SIGCONT);
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, SIGKILL);
}

TEST_F(ShimLife, SaysWhyItCannotBeExecuted) {
    auto request = script("");
    request.argv = {"/nonexistent/qemu", "-version"};
    auto const run = spawn(std::move(request));
    auto const failed = wait_for(*run, Kind::exec_failed);
    EXPECT_FALSE(supervision::who_lives_in(run_dir).hypervisor);
    EXPECT_NE(failed.text.find("/nonexistent/qemu cannot be executed: No such file"), std::string::npos) << failed.text;
    EXPECT_EQ(run->events.size(), 1U);
    EXPECT_TRUE(loop.run_until([&] { return !supervision::who_lives_in(run_dir).any(); }));
}

TEST_F(ShimLife, SaysThatTheShimIsMissing) {
    options.shim = root + "/no-shim";
    supervisor = make_supervisor(loop, options);
    auto const run = spawn(script("true"));
    EXPECT_NE(wait_for(*run, Kind::exec_failed).text.find("/no-shim"), std::string::npos);
}

TEST_F(ShimLife, RefusesWhatCannotBeLaunched) {
    auto relative = script("true");
    relative.argv = {"sh"};
    EXPECT_NE(wait_for(*spawn(std::move(relative)), Kind::exec_failed).text.find("absolute"), std::string::npos);
    auto huge = script(std::string(100'000, 'x'));
    EXPECT_NE(wait_for(*spawn(std::move(huge)), Kind::exec_failed).text.find("too long"), std::string::npos);
    auto missing = script("true");
    missing.run_dir = root + "/run/7/7";
    EXPECT_NE(wait_for(*spawn(std::move(missing)), Kind::exec_failed).text.find("run folder"), std::string::npos);
    ::chmod(run_dir.c_str(), 0755);
    EXPECT_NE(wait_for(*spawn(script("true")), Kind::exec_failed).text.find("open to others"), std::string::npos);
    ::chmod(run_dir.c_str(), 0700);
}

TEST_F(ShimLife, PassesArgumentsAndEnvironmentOfAnyNumber) {
    auto request = script("echo $# $A00000 $A01999; shift 2999; echo $1");
    request.argv.emplace_back("zero");
    for (int i = 1; i <= 3000; ++i) {
        request.argv.push_back("argument-" + std::to_string(i));
    }
    for (int i = 0; i < 2000; ++i) {
        auto number = std::to_string(100000 + i);
        number[0] = 'A';
        request.env.push_back(number + "=value-" + std::to_string(i));
    }
    EXPECT_EQ(output_of(std::move(request)), "3000 value-0 value-1999\nargument-3000\n");
}

TEST_F(ShimLife, RunsItAsWhoItShouldBe) {
    auto request = script("id -u; id -g; id -G; umask; grep -E 'SigBlk|SigIgn' /proc/self/status");
    request.credentials = {.uid = 65534, .gid = 65534, .groups = {65534, 12345}};
    auto const output = output_of(std::move(request));
    EXPECT_TRUE(output.starts_with("65534\n65534\n65534 12345\n0027\nSigBlk:\t0000000000000000\nSigIgn:\t")) << output;
    // Signals 32 and 33 belong to the C library, which lets nobody touch them.
    EXPECT_EQ(std::stoull(output.substr(output.rfind('\t') + 1), nullptr, 16) & ~0x180000000ULL, 0U) << output;
}

TEST_F(ShimLife, GivesItItsDescriptorsAndNoOthers) {
    auto request = script("pwd; exec ls -go --time-style=+ /proc/self/fd");
    std::ofstream{root + "/one"} << "1";
    std::ofstream{root + "/two"} << "2";
    // Targets that are each other's likely sources.
    for (auto const& [name, number] : {std::pair{"/one", 4}, {"/two", 3}, {"/one", 9}}) {
        request.fds.push_back(
            {.fd = std::make_shared<UniqueFd>(::open((root + name).c_str(), O_RDONLY | O_CLOEXEC)), .number = number});
    }
    auto const output = output_of(std::move(request));
    EXPECT_TRUE(output.starts_with("/\n")) << output;
    EXPECT_NE(output.find(" 0 -> /dev/null\n"), std::string::npos) << output;
    EXPECT_NE(output.find(" 1 -> pipe:"), std::string::npos) << output;
    EXPECT_NE(output.find(" 2 -> pipe:"), std::string::npos) << output;
    EXPECT_NE(output.find(" 3 -> " + root + "/two\n"), std::string::npos) << output;
    EXPECT_NE(output.find(" 4 -> " + root + "/one\n"), std::string::npos) << output;
    EXPECT_NE(output.find(" 9 -> " + root + "/one\n"), std::string::npos) << output;
    EXPECT_NE(output.find(" -> " + run_dir + "/vm.lock\n"), std::string::npos) << output;
    // Those seven, the folder that ls reads; and two lines that are no descriptors.
    EXPECT_EQ(std::ranges::count(output, '\n'), 10) << output;
}

TEST_F(ShimLife, KillsWhatItLeavesInItsGroup) {
    auto request = script("sleep 1000 & echo $! >&3; exit 0");
    auto line = make_line();
    request.fds.push_back({.fd = std::make_shared<UniqueFd>(std::move(line.theirs)), .number = 3});
    auto const run = spawn(std::move(request));
    Terminal out{std::move(line.ours)};
    ASSERT_TRUE(wait_for_text(out, "\n"));
    EXPECT_TRUE(wait_for(*run, Kind::exited).status.known);
    EXPECT_TRUE(wait_until_gone({.pid = static_cast<pid_t>(std::stol(out.text())), .start = 0}));
}

TEST_F(ShimLife, NeverRunsTwoInOneFolder) {
    auto const first = spawn(script("exec sleep 1000"));
    auto const pid = wait_for(*first, Kind::started).pid;
    auto const second = spawn(script("exec sleep 1000"));
    EXPECT_NE(wait_for(*second, Kind::exec_failed).text.find("still lives"), std::string::npos);
    auto const record = supervision::read_pid_record(run_dir);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->process.pid, pid);
    EXPECT_EQ(record->title, "guest one");
    first->handle->signal(SIGKILL);
    EXPECT_EQ(wait_for(*first, Kind::exited).status.value, SIGKILL);
}

TEST_F(ShimLife, CanBeLaunchedAgainAtOnce) {
    for (int i = 0; i < 5; ++i) {
        auto const run = spawn(script("exit " + std::to_string(i)));
        EXPECT_EQ(wait_for(*run, Kind::exited).status.value, i);
    }
}

TEST_F(ShimLife, LeaksNoDescriptors) {
    auto const cycle = [this] {
        auto request = script("echo hello >&3");
        auto line = make_line();
        request.log = open_log("cycle");
        request.console = std::move(line.theirs);
        request.fds.push_back(
            {.fd = std::make_shared<UniqueFd>(::open("/dev/null", O_WRONLY | O_CLOEXEC)), .number = 3});
        auto const run = spawn(std::move(request));
        EXPECT_TRUE(wait_for(*run, Kind::exited).status.known);
    };
    // The shim's first process is reaped a moment later.
    auto const settled = [this] {
        return loop.run_until(
            [] { return std::ranges::none_of(open_fds(), [](auto const& fd) { return fd.ends_with("[pidfd]"); }); });
    };
    cycle();
    EXPECT_TRUE(settled());
    auto const before = open_fds().size();
    for (int i = 0; i < 10; ++i) {
        cycle();
    }
    EXPECT_TRUE(settled());
    EXPECT_EQ(open_fds().size(), before);
}

TEST_F(ShimLife, IsSmallAndIdle) {
    auto const run = spawn(script("exec sleep 1000"));
    (void)wait_for(*run, Kind::started);
    auto const shim = std::to_string(shim_of(*run).pid);
    EXPECT_NE(read_file("/proc/" + shim + "/cmdline").find("apiary-shim"), std::string::npos);
    EXPECT_NE(read_file("/proc/" + shim + "/cmdline").find("guest one"), std::string::npos);
    auto const rollup = read_file("/proc/" + shim + "/smaps_rollup");
    auto const at = rollup.find("Pss:");
    ASSERT_NE(at, std::string::npos);
    RecordProperty("pss_kib", std::to_string(std::stol(rollup.substr(at + 4))));
    run->handle->signal(SIGKILL);
    (void)wait_for(*run, Kind::exited);
}

}  // namespace
}  // namespace apiary::test
