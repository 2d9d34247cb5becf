// Linux: the child shares the daemon's table of descriptors until it has taken a copy of the few lowest entries alone
// (CLOSE_RANGE_UNSHARE, since 5.9). It runs in the daemon's memory while the calling thread waits, as after vfork(2).
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include "supervision/spawn.hpp"

namespace apiary::supervision {
namespace {

constexpr std::size_t stack_size = std::size_t{32} * 1024;

struct Plan {
    char const* program;
    char* const* argv;
    int slot;
    sigset_t none;
    int error = 0;       // why it was not executed
    bool shared = true;  // the child had no table of its own yet
};

// No destructors, no memory, no locks: it all belongs to the daemon. The sanitizers know nothing of this stack.
__attribute__((no_sanitize("address", "undefined"))) auto run_child(void* argument) -> int {
    auto& plan = *static_cast<Plan*>(argument);
    if (::syscall(SYS_close_range, static_cast<unsigned>(plan.slot) + 1U, ~0U, CLOSE_RANGE_UNSHARE) != 0) {
        plan.error = errno;
        ::_exit(1);
    }
    plan.shared = false;
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) {
        ::sigaction(number, &usual, nullptr);
    }
    int const nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0 && ::dup2(plan.slot, 0) == 0 && ::dup2(nowhere, 1) == 1 && ::dup2(nowhere, 2) == 2) {
        // The daemon's locks are among them: should it die now, the next one need not wait for the execution.
        ::syscall(SYS_close_range, 3U, ~0U, 0U);
        ::sigprocmask(SIG_SETMASK, &plan.none, nullptr);
        char* environment[] = {nullptr};
        ::execve(plan.program, plan.argv, environment);
    }
    plan.error = errno;
    ::_exit(1);
}

}  // namespace

Spawner::Spawner() : slot_{::open("/dev/null", O_RDWR | O_CLOEXEC)} {
    if (slot_ && slot_.get() <= 2) {  // the child's own are put there
        slot_.reset(::fcntl(slot_.get(), F_DUPFD_CLOEXEC, 3));
    }
}

auto Spawner::spawn(std::string const& program, char* const* argv, int input) -> std::optional<pid_t> {
    static std::atomic<bool> supported{true};
    UniqueFd const nothing{supported && slot_ ? ::open("/dev/null", O_RDWR | O_CLOEXEC) : -1};
    if (!nothing || ::dup3(input, slot_.get(), O_CLOEXEC) < 0) {
        return std::nullopt;
    }
    Plan plan{.program = program.c_str(), .argv = argv, .slot = slot_.get(), .none = {}};
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigemptyset(&plan.none);
    // None of the daemon's handlers may run in the child.
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    alignas(64) std::array<char, stack_size> stack;
    pid_t const pid =
        ::clone(run_child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &plan);
    int const clone_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::dup3(nothing.get(), slot_.get(), O_CLOEXEC);  // the input is the child's alone
    if (pid < 0) {
        errno = clone_error;
        return 0;
    }
    if (plan.error == 0) {
        return pid;
    }
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (plan.shared) {  // an older kernel, or a filter of calls that does not know this one
        supported = false;
        return std::nullopt;
    }
    errno = plan.error;
    return 0;
}

}  // namespace apiary::supervision
