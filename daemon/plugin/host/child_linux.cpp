// Linux: by clone(2), in the host's memory while the calling thread waits, as after vfork(2): a copy of the memory of a
// process with hundreds of threads would cost more than most programs that are run.
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>

#include "plugin/host/child.hpp"

namespace apiary::plugin::host {
namespace {

constexpr std::size_t child_stack_size = std::size_t{32} * 1024;

struct Plan {
    ChildPlan asked;
    sigset_t none{};
    int error = 0;
};

// Credentials by the calls themselves: the C library's functions would change all threads, which here are another
// process's. No destructors, no memory, no locks. The sanitizers know nothing of this stack.
__attribute__((no_sanitize("address", "undefined"))) auto run_child(void* argument) -> int {
    auto& plan = *static_cast<Plan*>(argument);
    auto& asked = plan.asked;
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &usual, nullptr);
    }
    ::setpgid(0, 0);
    asked.record.group = static_cast<std::int32_t>(::syscall(SYS_getpid));
    ::send(asked.keeper, &asked.record, sizeof asked.record, MSG_NOSIGNAL);
    bool ready = true;
    if (asked.change_user) {
        ready = ::syscall(SYS_setgroups, asked.group_count, asked.groups) == 0 &&
                ::syscall(SYS_setresgid, asked.gid, asked.gid, asked.gid) == 0 &&
                ::syscall(SYS_setresuid, asked.uid, asked.uid, asked.uid) == 0;
    }
    ready = ready && ::chdir(asked.folder) == 0 && ::dup2(asked.input, 0) == 0 && ::dup2(asked.output, 1) == 1 &&
            ::dup2(asked.errors, 2) == 2;
    unsigned first = 3;
    if (ready && asked.file >= 0) {
        ready = ::dup3(asked.file, 3, asked.is_script ? 0 : O_CLOEXEC) == 3;
        first = 4;
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > usual_descriptors) {
        limit.rlim_cur = usual_descriptors;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (ready) {
        ::syscall(SYS_close_range, first, ~0U, 0U);
        ::sigprocmask(SIG_SETMASK, &plan.none, nullptr);
        if (asked.file >= 0) {
            ::syscall(SYS_execveat, 3, "", asked.argv, asked.envp, AT_EMPTY_PATH);
        } else {
            ::execve(asked.path, asked.argv, asked.envp);
        }
    }
    plan.error = errno;
    ::_exit(127);
}

}  // namespace

auto start_child(ChildPlan const& asked) -> std::optional<Child> {
    Plan plan{.asked = asked};
    ::sigemptyset(&plan.none);
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    // None of the plugin's handlers may run in the child.
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    // Threads of calls have small stacks.
    auto const stack = std::make_unique_for_overwrite<char[]>(child_stack_size + 64);
    auto const top = (reinterpret_cast<std::uintptr_t>(stack.get()) + child_stack_size) & ~std::uintptr_t{63};
    int watched = -1;
    pid_t const pid = ::clone(run_child, reinterpret_cast<void*>(top), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
                              &plan, &watched);
    int const error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) {
        errno = error;
        return std::nullopt;
    }
    Child child{.pid = pid, .ended = UniqueFd{watched}};
    if (plan.error == 0) {
        return child;
    }
    tell_ended(asked.keeper, asked.record, pid);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    errno = plan.error;
    return std::nullopt;
}

void close_between(int first, int last) {
    ::syscall(SYS_close_range, static_cast<unsigned>(first), last < 0 ? ~0U : static_cast<unsigned>(last), 0U);
}

}  // namespace apiary::plugin::host
