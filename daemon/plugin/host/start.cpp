#include "plugin/host/start.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>
#include <vector>

namespace apiary::plugin::host {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::mutex leaving;

// Threads of the plugin may use it to the very end.
auto left_behind() -> std::vector<Child>& {
    static auto& all = *new std::vector<Child>;
    return all;
}

auto status_of(pid_t pid) -> std::optional<int> {
    int status = 0;
    pid_t reaped = 0;
    while ((reaped = ::waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
    }
    return reaped == pid ? std::optional{status} : std::nullopt;
}

// False: there are too many that do not end.
auto reap_left_behind() -> bool {
    std::lock_guard const lock{leaving};
    std::erase_if(left_behind(), [](Child const& one) {
        siginfo_t ended{};
        int const found = ::waitid(P_PID, static_cast<id_t>(one.pid), &ended, WEXITED | WNOWAIT | WNOHANG);
        if ((found == 0 && ended.si_pid == 0) || (found != 0 && errno == EINTR)) {
            return false;
        }
        tell_ended(one.keeper, one.record, one.pid);
        static_cast<void>(status_of(one.pid));
        return true;
    });
    return left_behind().size() < most_left_behind;
}

// Until it executes, has failed, or nobody waits any more. 0: it executes, or it ended in another way.
auto wait_for_execution(Child const& child, int told, Patience const& patience) -> std::optional<int> {
    for (;;) {
        std::array<pollfd, 3> watched{
            {{told, POLLIN, 0}, {child.ended.get(), POLLIN, 0}, {patience.canceling, POLLIN, 0}}};
        if (::poll(watched.data(), watched.size(), milliseconds_until(patience.deadline)) < 0) {
            continue;
        }
        if (watched[0].revents != 0 || watched[1].revents != 0) {
            int error = 0;
            return ::read(told, &error, sizeof error) == sizeof error ? error : 0;
        }
        if (watched[2].revents != 0 || SteadyClock::now() >= patience.deadline) {
            return std::nullopt;
        }
    }
}

void end_failed(Child child) {
    kill_child(child);
    pollfd watched{child.ended.get(), POLLIN, 0};
    auto const until = SteadyClock::now() + end_patience;
    int found = -1;
    while ((found = ::poll(&watched, 1, milliseconds_until(until))) < 0 && errno == EINTR) {
    }
    if (found > 0) {
        static_cast<void>(reap(child));
    } else {
        leave_behind(std::move(child));
    }
}

}  // namespace

auto start_child(ChildPlan const& plan, Patience const& patience) -> Started {
    auto const failed = [](int error) { return Started{.how = Started::How::failed, .error = error, .child = {}}; };
    if (!reap_left_behind()) {
        return failed(EAGAIN);
    }
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return failed(errno);
    }
    UniqueFd const told{ends[0]};
    auto telling = above_the_childs(UniqueFd{ends[1]});
    if (!telling) {
        return failed(errno);
    }
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    // None of the plugin's handlers may run in the child; and see fork_child().
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    auto child = fork_child(plan, telling.get());
    int error = child ? 0 : errno;
    telling.reset();
    std::optional<int> became;
    if (child) {
        became = child->ended ? wait_for_execution(*child, told.get(), patience) : ENFILE;
        error = became.value_or(0);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!child) {
        return failed(error);
    }
    if (error != 0) {
        end_failed(std::move(*child));
        return failed(error);
    }
    if (became) {
        child->memory.reset();
    }
    return {.how = became ? Started::How::executed : Started::How::over, .error = 0, .child = std::move(*child)};
}

void kill_child(Child const& child) {
    ::kill(child.pid, SIGKILL);
    ::kill(-child.pid, SIGKILL);
}

auto reap(Child const& child) -> std::optional<int> {
    siginfo_t ended{};
    while (::waitid(P_PID, static_cast<id_t>(child.pid), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    tell_ended(child.keeper, child.record, child.pid);
    return status_of(child.pid);
}

void leave_behind(Child child) {
    child.ended.reset();
    std::lock_guard const lock{leaving};
    left_behind().push_back(std::move(child));
}

auto above_the_childs(UniqueFd file) -> UniqueFd {
    return !file || file.get() >= first_free ? std::move(file)
                                             : UniqueFd{::fcntl(file.get(), F_DUPFD_CLOEXEC, first_free)};
}

auto milliseconds_until(SteadyClock::time_point when) -> int {
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(when - SteadyClock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 86'400'000));
}

}  // namespace apiary::plugin::host
