// FreeBSD: by vfork(2); the end of the child is an event of a kqueue, which can be polled.
#include <sys/event.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "plugin/host/child.hpp"

namespace apiary::plugin::host {
namespace {

void become(ChildPlan& asked, sigset_t const& none) {
    for (int number = 1; number < NSIG; ++number) {
        ::signal(number, SIG_DFL);
    }
    ::setpgid(0, 0);
    asked.record.group = ::getpid();
    ::send(asked.keeper, &asked.record, sizeof asked.record, MSG_NOSIGNAL);
    if (asked.change_user && (::setgroups(static_cast<int>(asked.group_count), asked.groups) != 0 ||
                              ::setgid(asked.gid) != 0 || ::setuid(asked.uid) != 0)) {
        return;
    }
    if (::chdir(asked.folder) != 0 || ::dup2(asked.input, 0) != 0 || ::dup2(asked.output, 1) != 1 ||
        ::dup2(asked.errors, 2) != 2) {
        return;
    }
    if (asked.file >= 0 && ::dup2(asked.file, 3) != 3) {
        return;
    }
    ::closefrom(asked.file >= 0 ? 4 : 3);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > static_cast<rlim_t>(usual_descriptors)) {
        limit.rlim_cur = usual_descriptors;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (asked.file >= 0) {
        ::fexecve(3, asked.argv, asked.envp);
    } else {
        ::execve(asked.path, asked.argv, asked.envp);
    }
}

}  // namespace

auto start_child(ChildPlan const& given) -> std::optional<Child> {
    ChildPlan asked = given;
    UniqueFd watch{::kqueuex(KQUEUE_CLOEXEC)};
    if (!watch) {
        return std::nullopt;
    }
    sigset_t none;
    sigset_t all;
    sigset_t before;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    int volatile failed = 0;
    pid_t const pid = ::vfork();
    if (pid == 0) {
        become(asked, none);
        failed = errno;
        ::_exit(127);
    }
    int error = pid < 0 ? errno : failed;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    struct kevent wanted;
    EV_SET(&wanted, static_cast<uintptr_t>(pid), EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
    if (pid > 0 && error == 0) {
        if (::kevent(watch.get(), &wanted, 1, nullptr, 0, nullptr) == 0 || errno == ESRCH) {
            return Child{.pid = pid, .ended = std::move(watch)};
        }
        error = errno;
    }
    if (pid > 0) {
        ::kill(-pid, SIGKILL);
        tell_ended(given.keeper, given.record, pid);
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    errno = error;
    return std::nullopt;
}

void close_between(int first, int last) {
    if (last < 0) {
        ::closefrom(first);
    } else {
        ::close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0);
    }
}

}  // namespace apiary::plugin::host
