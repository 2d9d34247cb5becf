// Linux: by clone(2), in the host's memory: a copy of the memory of a process with hundreds of threads would cost more
// than most programs that are run. Unlike after vfork(2), the calling thread goes on.
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>

#include "plugin/host/child.hpp"

namespace apiary::plugin::host {
namespace {

struct ChildMemory {
    ChildPlan asked;
    int told = -1;
    sigset_t none{};
    alignas(64) std::array<char, std::size_t{32} * 1024> stack;  // threads of calls have small ones
};

// Credentials by the calls themselves: the C library's functions would change all threads, which here are another
// process's. Nor those of its functions that a thread can be canceled in: they note that in the thread, which is the
// calling one's. No destructors, no memory, no locks. The sanitizers know nothing of this stack.
__attribute__((no_sanitize("address", "undefined"))) auto run_child(void* argument) -> int {
    auto& memory = *static_cast<ChildMemory*>(argument);
    auto& asked = memory.asked;
    int told = memory.told;
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &usual, nullptr);
    }
    ::setpgid(0, 0);
    asked.record.group = static_cast<std::int32_t>(::syscall(SYS_getpid));
    ::syscall(SYS_sendto, asked.keeper, &asked.record, sizeof asked.record, MSG_NOSIGNAL, nullptr, 0);
    bool ready = ::dup2(asked.input, 0) == 0 && ::dup2(asked.output, 1) == 1 && ::dup2(asked.errors, 2) == 2 &&
                 ::dup3(told, 4, O_CLOEXEC) == 4;
    if (ready) {
        told = 4;
        if (asked.file >= 0) {
            ready = ::dup3(asked.file, 3, asked.is_script ? 0 : O_CLOEXEC) == 3;
        } else {
            ::syscall(SYS_close, 3);
        }
    }
    // The lock, the channel, what other children tell: before there is anything that this one can be held up by.
    ready = ready && ::syscall(SYS_close_range, static_cast<unsigned>(first_free), ~0U, 0U) == 0;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > usual_descriptors) {
        limit.rlim_cur = usual_descriptors;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (ready && asked.change_user) {
        ready = ::syscall(SYS_setgroups, asked.group_count, asked.groups) == 0 &&
                ::syscall(SYS_setresgid, asked.gid, asked.gid, asked.gid) == 0 &&
                ::syscall(SYS_setresuid, asked.uid, asked.uid, asked.uid) == 0;
    }
    if (ready && ::chdir(asked.folder) == 0) {
        ::sigprocmask(SIG_SETMASK, &memory.none, nullptr);
        if (asked.file >= 0) {
            ::syscall(SYS_execveat, 3, "", asked.argv, asked.envp, AT_EMPTY_PATH);
        } else {
            ::execve(asked.path, asked.argv, asked.envp);
        }
    }
    int const error = errno;
    ::syscall(SYS_write, told, &error, sizeof error);
    ::_exit(127);
}

}  // namespace

auto fork_child(ChildPlan const& asked, int told) -> std::optional<Child> {
    std::shared_ptr<ChildMemory> const memory = std::make_unique_for_overwrite<ChildMemory>();
    memory->asked = asked;
    memory->told = told;
    ::sigemptyset(&memory->none);
    int watched = -1;
    pid_t const pid = ::clone(run_child, memory->stack.data() + memory->stack.size(), CLONE_VM | CLONE_PIDFD | SIGCHLD,
                              memory.get(), &watched);
    if (pid < 0) {
        return std::nullopt;
    }
    return Child{
        .pid = pid, .ended = UniqueFd{watched}, .memory = memory, .keeper = asked.keeper, .record = asked.record};
}

void close_between(int first, int last) {
    ::syscall(SYS_close_range, static_cast<unsigned>(first), last < 0 ? ~0U : static_cast<unsigned>(last), 0U);
}

}  // namespace apiary::plugin::host
