// FreeBSD: by _Fork(2), which runs no handlers of fork(2), for the plugin's may need locks that nobody gives back here;
// the end of the child is an event of a kqueue, which can be polled.
#include <fcntl.h>
#include <sys/event.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "plugin/host/child.hpp"

namespace apiary::plugin::host {
namespace {

// Comes back only if it failed.
void become(ChildPlan& asked, int& told) {
    for (int number = 1; number < NSIG; ++number) {
        ::signal(number, SIG_DFL);
    }
    ::setpgid(0, 0);
    asked.record.group = ::getpid();
    ::send(asked.keeper, &asked.record, sizeof asked.record, MSG_NOSIGNAL);
    if (::dup2(asked.input, 0) != 0 || ::dup2(asked.output, 1) != 1 || ::dup2(asked.errors, 2) != 2 ||
        ::dup3(told, 4, O_CLOEXEC) != 4) {
        return;
    }
    told = 4;
    if (asked.file < 0) {
        ::close(3);
    } else if (::dup2(asked.file, 3) != 3) {
        return;
    }
    // The lock, the channel, what other children tell: before there is anything that this one can be held up by.
    ::closefrom(first_free);
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > static_cast<rlim_t>(usual_descriptors)) {
        limit.rlim_cur = usual_descriptors;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (asked.change_user && (::setgroups(static_cast<int>(asked.group_count), asked.groups) != 0 ||
                              ::setgid(asked.gid) != 0 || ::setuid(asked.uid) != 0)) {
        return;
    }
    if (::chdir(asked.folder) != 0) {
        return;
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (asked.file >= 0) {
        ::fexecve(3, asked.argv, asked.envp);
    } else {
        ::execve(asked.path, asked.argv, asked.envp);
    }
}

}  // namespace

auto fork_child(ChildPlan const& given, int told) -> std::optional<Child> {
    ChildPlan asked = given;
    UniqueFd watch{::kqueuex(KQUEUE_CLOEXEC)};
    if (!watch) {
        return std::nullopt;
    }
    pid_t const pid = ::_Fork();
    if (pid == 0) {
        become(asked, told);
        int const error = errno;
        static_cast<void>(!::write(told, &error, sizeof error));
        ::_exit(127);
    }
    if (pid < 0) {
        return std::nullopt;
    }
    struct kevent wanted;
    EV_SET(&wanted, static_cast<uintptr_t>(pid), EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
    // Where there is no such process, it has ended already, and the event is there.
    if (::kevent(watch.get(), &wanted, 1, nullptr, 0, nullptr) != 0 && errno != ESRCH) {
        watch.reset();
    }
    return Child{.pid = pid, .ended = std::move(watch), .memory = {}, .keeper = given.keeper, .record = given.record};
}

void close_between(int first, int last) {
    if (last < 0) {
        ::closefrom(first);
    } else {
        ::close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0);
    }
}

}  // namespace apiary::plugin::host
