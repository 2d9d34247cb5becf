// The service run(): programs, their output, their ends, and that nothing of them is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <string>

#include "unit/plugin/host_fixture.hpp"

namespace apiary::plugin {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct HostRuns : HostFixture {
    void SetUp() override { serve("probe"); }

    // What was logged by a call that runs this.
    auto run(std::vector<std::string> const& argv, Settings more = {}, Json call_more = Json::object())
        -> std::vector<std::string> {
        host.passed.clear();
        more.emplace_back("run", argv);
        call("prestart", more, std::move(call_more));
        return host.logged();
    }
    auto shell(std::string const& script, Settings more = {}) -> std::vector<std::string> {
        return run({"/bin/sh", "-c", script}, std::move(more));
    }
    // A program of a test, as `name` in the folder.
    auto write(std::string const& name, std::string const& text, mode_t mode = 0755) -> std::string {
        std::string path = folder.path() + "/" + name;
        std::ofstream{path} << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    // Or dead, and whoever is its parent now has not asked how it ended.
    static auto is_gone(std::string const& pid) -> bool {
        std::string line;
        std::getline(std::ifstream{"/proc/" + pid + "/stat"}, line);
        return line.empty() || line.find(") Z") != std::string::npos;
    }
    // A kill takes a moment.
    static auto ends(std::string const& pid) -> bool {
        UniqueFd const process{static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(pid), 0))};
        pollfd watched{process.get(), POLLIN, 0};
        return !process || ::poll(&watched, 1, 20'000) == 1;
    }
};

auto ran(std::string const& end) -> std::string {
    return "ran 0 " + end;
}

TEST_F(HostRuns, ProgramsToTheirEnd) {
    EXPECT_THAT(shell("echo one; echo two >&2; exit 3"),
                AllOf(Contains("out: one"), Contains("err: two"),
                      Contains(HasSubstr("ran 0 status 3 signal 0 timed_out 0 canceled 0 error 0 last "))));
    EXPECT_THAT(
        shell("printf 'no newline'"),
        ElementsAre("out: no newline", ran("status 0 signal 0 timed_out 0 canceled 0 error 0 last no newline")));
    EXPECT_THAT(shell("kill -TERM $$"), ElementsAre(ran("status -1 signal 15 timed_out 0 canceled 0 error 0 last ")));
    EXPECT_THAT(shell("echo a; echo; exit 1"), Contains(HasSubstr("last a")));
}

TEST_F(HostRuns, ProgramsWithNothingOfItsOwn) {
    EXPECT_THAT(shell("ls /proc/$$/fd; true"),  // the shell's, and not those of ls
                ElementsAre("out: 0", "out: 1", "out: 2", Not(IsEmpty())));
    EXPECT_THAT(shell("ulimit -n"), Contains("out: 1024"));
    EXPECT_THAT(shell("cat; pwd; echo $PATH; echo ${HOME-none}; ulimit -c >&2"), Contains("out: none"));
    EXPECT_THAT(shell("pwd; echo $A$B", {{"run_folder", {folder.path()}}, {"run_env", {"A=x", "B=y z"}}}),
                AllOf(Contains("out: " + folder.path()), Contains("out: xy z")));
    EXPECT_THAT(shell("trap '' TERM; ps -o pgid= -p $$ | tr -d ' '; echo $$; grep -E 'Sig(Ign|Blk)' /proc/self/status"),
                Contains("out: SigBlk:\t0000000000000000"));
}

TEST_F(HostRuns, LinesIntoTheLogOfTheVm) {
    auto const id = begin_call("prestart", {{"run_log", {"yes"}}, {"run", {"/bin/sh", "-c", "echo a; echo b >&2"}}});
    host.end_of(id);
    std::vector<Json> lines;
    for (auto const& frame : host.passed) {
        if (type_of(frame) == "line") {
            lines.push_back(frame.body);
        }
    }
    EXPECT_THAT(lines,
                testing::UnorderedElementsAre(Json({{"t", "line"}, {"id", id}, {"text", "a"}, {"error", false}}),
                                              Json({{"t", "line"}, {"id", id}, {"text", "b"}, {"error", true}})));
}

TEST_F(HostRuns, LongLinesAreCut) {
    auto const told = shell("head -c 10000 /dev/zero | tr '\\0' x; echo; echo next");
    EXPECT_THAT(told, ElementsAre("out: " + std::string(4096, 'x'), "out: next", HasSubstr("last next")));
}

TEST_F(HostRuns, MuchOutputIsNotMuchLog) {
    auto const id =
        begin_call("prestart", {{"run_log", {"yes"}}, {"run", {"/bin/sh", "-c", "yes | head -c 20000000"}}});
    host.end_of(id);
    std::size_t bytes = 0;
    std::string last;
    for (auto const& frame : host.passed) {
        if (type_of(frame) == "line") {
            last = text_of(frame.body, "text");
            bytes += last.size() + 1;
        }
    }
    EXPECT_LT(bytes, 5'000'000U);
    EXPECT_THAT(last, HasSubstr("more than goes into the log"));
}

TEST_F(HostRuns, TheGroupIsKilledWhenItsTimeIsOver) {
    auto const told = shell("sleep 1000 & echo $!; wait", {{"run_timeout", {"300"}}});
    EXPECT_THAT(told, Contains(HasSubstr("status -1 signal 9 timed_out 1 canceled 0")));
    ASSERT_THAT(told.front(), HasSubstr("out: "));
    auto const pid = told.front().substr(5);
    EXPECT_TRUE(ends(pid));
}

TEST_F(HostRuns, TheGroupIsKilledWhenTheCallIsCanceled) {
    auto const id = begin_call("prestart", {{"run", {"/bin/sh", "-c", "echo begun; sleep 1000"}}});
    ASSERT_TRUE(host.wait_for({"log"}));
    host.send({{"t", "cancel"}, {"id", id}});
    host.end_of(id);
    EXPECT_THAT(host.logged(), ElementsAre(HasSubstr("signal 9 timed_out 0 canceled 1")));
}

TEST_F(HostRuns, TheGroupIsKilledWhenTheTimeOfTheCallIsOver) {
    EXPECT_THAT(run({"/bin/sleep", "1000"}, {}, {{"timeout", 200}}),
                ElementsAre(HasSubstr("signal 9 timed_out 1 canceled 0")));
}

TEST_F(HostRuns, NothingIsLeftWhenTheHostIsKilled) {
    begin_call("prestart", {{"run", {"/bin/sh", "-c", "sleep 1000 & echo $!; wait"}}});
    auto const told = host.wait_for({"log"});
    ASSERT_TRUE(told);
    auto const pid = text_of(told->body, "text").substr(5);
    EXPECT_FALSE(is_gone(pid));
    host.kill();
    EXPECT_FALSE(host.wait_for({"end"}));  // the channel ends with the keeper, which has killed by then
    EXPECT_TRUE(ends(pid));
}

auto children_of(pid_t pid) -> std::set<std::string> {
    std::set<std::string> all;
    for (auto const& task : std::filesystem::directory_iterator{"/proc/" + std::to_string(pid) + "/task"}) {
        std::ifstream file{task.path() / "children"};
        for (std::string child; file >> child;) {
            all.insert(child);
        }
    }
    return all;
}

// Takes a lease on a file, so that its execution begins, and waits. Then the user that it would run as stops it.
TEST_F(HostRuns, WhatIsHeldUpBeforeItsExecutionHoldsNobodyUp) {
    auto const path = write("hook", "#!/bin/sh\necho it ran\n");
    UniqueFd const leased{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGIO);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    if (::fcntl(leased.get(), F_SETLEASE, F_WRLCK) != 0) {
        GTEST_SKIP() << "no leases here";
    }
    auto const before = children_of(host.pid());
    auto const id = begin_call("prestart", {{"run", {path}}});
    int number = 0;
    ASSERT_EQ(::sigwait(&signals, &number), 0);  // somebody wants to open it
    auto children = children_of(host.pid());
    for (auto const& one : before) {
        children.erase(one);
    }
    ASSERT_EQ(children.size(), 1U);
    auto const child = *children.begin();
    ::kill(std::stoi(child), SIGSTOP);
    for (std::string line; line.find(") T") == std::string::npos; ::usleep(1000)) {
        std::getline(std::ifstream{"/proc/" + child + "/stat"}, line);
    }
    // The lock, the channel and others' pipes are not among what it has open.
    std::set<std::string> open;
    for (auto const& one : std::filesystem::directory_iterator{"/proc/" + child + "/fd"}) {
        open.insert(one.path().filename());
    }
    EXPECT_THAT(open, ElementsAre("0", "1", "2", "4"));
    ASSERT_EQ(::fcntl(leased.get(), F_SETLEASE, F_UNLCK), 0);
    EXPECT_EQ(result_of(call("prestart", {}, {{"vm", vm_body({}, "other", 8)}})), "ok: ");
    host.send({{"t", "cancel"}, {"id", id}});
    host.end_of(id);
    EXPECT_THAT(host.logged(), ElementsAre(ran("status -1 signal 9 timed_out 0 canceled 1 error 0 last ")));
    EXPECT_TRUE(is_gone(child));
    EXPECT_THAT(run({path}), Contains("out: it ran"));
}

// As long as the user that it runs as traces it, it is dead and does not end.
TEST_F(HostRuns, WhatDoesNotEndWhenItIsKilledIsLeftBehind) {
    auto const id = begin_call("prestart", {{"run", {"/bin/sh", "-c", "echo $$; sleep 1000"}}});
    auto const told = host.wait_for({"log"});
    ASSERT_TRUE(told);
    pid_t const pid = std::stoi(text_of(told->body, "text").substr(5));
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_TRACEEXIT) != 0) {
        GTEST_SKIP() << "nothing can be traced here";
    }
    host.send({{"t", "cancel"}, {"id", id}});
    host.end_of(id);
    EXPECT_THAT(host.logged(), ElementsAre(AllOf(HasSubstr("/bin/sh (process " + std::to_string(pid) + ")"),
                                                 HasSubstr("It is left behind")),
                                           HasSubstr("status -1 signal 0 timed_out 0 canceled 1")));
    EXPECT_THAT(run({"/bin/true"}), ElementsAre(HasSubstr("ran 0 status 0")));
    EXPECT_EQ(::kill(pid, 0), 0);
    int status = 0;
    while (::waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
        ::ptrace(PTRACE_CONT, pid, nullptr, nullptr);
    }
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_THAT(run({"/bin/true"}), ElementsAre(HasSubstr("ran 0 status 0")));
    EXPECT_EQ(::kill(pid, 0), -1);  // it is reaped
}

TEST_F(HostRuns, ABackgroundProcessHoldsNothingUp) {
    auto const told = shell("sleep 1000 & echo $!");
    EXPECT_THAT(told, Contains(HasSubstr("status 0")));
    ::kill(std::stoi(told.front().substr(5)), SIGKILL);
}

TEST_F(HostRuns, WhatCannotBeRunIsTold) {
    auto const reason = [&](std::vector<std::string> const& argv, Settings more = {}) {
        more.emplace_back("run", argv);
        more.emplace_back("result", std::vector<std::string>{"1"});
        return result_of(call("prestart", more));
    };
    EXPECT_EQ(reason({"/nonexistent"}), "failed: /nonexistent cannot be run: No such file or directory");
    EXPECT_EQ(reason({"true"}), "failed: true cannot be run: it is no absolute path");
    EXPECT_EQ(reason({"/etc/passwd"}), "failed: /etc/passwd cannot be run: Permission denied");
    EXPECT_EQ(reason({"/bin/true"}, {{"run_user", {"no-such-user"}}}),
              "failed: /bin/true cannot be run: the account no-such-user is not there");
    EXPECT_EQ(reason({"/bin/true"}, {{"run_folder", {"/nonexistent"}}}),
              "failed: /bin/true cannot be run: No such file or directory");
    EXPECT_THAT(host.logged(), Contains(HasSubstr("ran -1 status -1 signal 0 timed_out 0 canceled 0 error 2 ")));
}

TEST_F(HostRuns, AFileThatIsThereIsNotSaidToBeMissing) {
    auto const reason = [&](std::string const& path, Settings more = {}) {
        more.emplace_back("run", std::vector{path});
        more.emplace_back("result", std::vector<std::string>{"1"});
        auto const text = result_of(call("prestart", more));
        return text.substr(text.find(" cannot be run: ") + 16);
    };
    auto const lost = write("lost", "#! /no/such/sh -e\nexit 0\n");
    constexpr char const* missing = "its interpreter, which its #! line names, is not there: /no/such/sh";
    EXPECT_EQ(reason(lost), missing);
    EXPECT_EQ(reason(lost, {{"run_owner", {std::to_string(::getuid())}}}), missing);
    EXPECT_THAT(reason(write("windows", "#!/bin/sh\r\nexit 0\r\n")),
                AllOf(HasSubstr("carriage return"), HasSubstr("/bin/sh is not found")));
    EXPECT_EQ(reason(write("plain", "exit 0\n")),
              "it has no #! line that names its interpreter, and it is no program of this system");
    EXPECT_EQ(reason(write("empty", "")), "it is empty");
    // What is missing is the folder, whatever the file is.
    EXPECT_EQ(reason(write("good", "#!/bin/sh\n"), {{"run_folder", {"/nonexistent"}}}), "No such file or directory");
}

TEST_F(HostRuns, FilesOfTheOwnerAlone) {
    auto const me = std::to_string(::getuid());
    auto const mine = write("mine", "#!/bin/sh\necho name $0 args $*\n");
    auto const open = write("open", "#!/bin/sh\necho open\n", 0775);
    // /tmp can be written to by others, so what stands under this name could be another file by now.
    EXPECT_THAT(run({mine, "a"}, {{"run_owner", {me}}}), Contains("out: name /dev/fd/3 args a"));
    EXPECT_THAT(run({open}, {{"run_owner", {me}}}), Not(Contains("out: open")));
    EXPECT_THAT(host.logged(), Contains(HasSubstr("others than its owner can write to it")));
    EXPECT_THAT(run({mine}, {{"run_owner", {"12345"}}}), Contains(HasSubstr("has to belong to uid 12345")));
    EXPECT_THAT(run({folder.path()}, {{"run_owner", {me}}}), Contains(HasSubstr("it is no file")));
    if (::getuid() == 0) {
        EXPECT_THAT(run({"/usr/bin/env", "true"}, {{"run_owner", {"0"}}}), Contains(HasSubstr("ran 0 status 0")));
    }
}

// Who opens a socket is told that it cannot be opened: so this was not.
TEST_F(HostRuns, WhatIsNoFileIsNotEvenOpened) {
    auto const path = folder.path() + "/socket";
    ASSERT_EQ(::mknod(path.c_str(), S_IFSOCK | 0700, 0), 0);
    auto const link = folder.path() + "/link";
    ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
    for (auto const& one : {path, link}) {
        EXPECT_THAT(run({one}, {{"run_owner", {std::to_string(::getuid())}}}), Contains(HasSubstr("it is no file")));
    }
}

TEST_F(HostRuns, FilesThatNobodyElseCanExchangeByTheirName) {
    if (::getuid() != 0) {
        GTEST_SKIP() << "only root has a folder that is root's alone";
    }
    std::string safe = "/run/apiary-plugin-XXXXXX";
    ASSERT_NE(::mkdtemp(safe.data()), nullptr);
    auto const path = safe + "/hook";
    std::ofstream{path} << "#!/bin/sh\necho name $0\n";
    ::chmod(path.c_str(), 0755);
    EXPECT_THAT(run({path}, {{"run_owner", {"0"}}}), Contains("out: name " + path));
    auto const link = safe + "/link";
    ASSERT_EQ(::symlink(path.c_str(), link.c_str()), 0);
    EXPECT_THAT(run({link}, {{"run_owner", {"0"}}}), Contains("out: name " + path));
    // A folder that is a link, as /home is on FreeBSD; in a folder that others can write to, it does no harm either.
    auto const folder_link = folder.path() + "/elsewhere";
    ASSERT_EQ(::symlink(safe.c_str(), folder_link.c_str()), 0);
    EXPECT_THAT(run({folder_link + "/hook"}, {{"run_owner", {"0"}}}), Contains("out: name " + path));
    ::chmod(safe.c_str(), 0777);
    EXPECT_THAT(run({path}, {{"run_owner", {"0"}}}), Contains("out: name /dev/fd/3"));
    std::filesystem::remove_all(safe);
}

TEST_F(HostRuns, AsAnotherUser) {
    if (::getuid() != 0) {
        GTEST_SKIP() << "only root can";
    }
    auto const* const nobody = ::getpwnam("nobody");
    ASSERT_NE(nobody, nullptr);
    auto const wanted = std::to_string(nobody->pw_uid);
    EXPECT_THAT(
        shell("id -u; id -ru; id -G", {{"run_user", {"nobody"}}}),
        ElementsAre("out: " + wanted, "out: " + wanted, "out: " + std::to_string(nobody->pw_gid), HasSubstr("ran 0")));
}

}  // namespace
}  // namespace apiary::plugin
