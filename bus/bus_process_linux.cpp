// With what Linux has to follow a process that is our child, or was that of a daemon before us.
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "bus/bus_process.hpp"

namespace apiary::bus {

namespace {

constexpr int patience_ms = 2000;
constexpr int exec_failed = 127;

[[noreturn]] void fail(char const* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

auto open_pidfd(pid_t pid) -> UniqueFd {
    return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))};
}

// "PID START BOOT": the start in ticks since that boot, as the kernel counts it. Empty: there is no such process.
auto identity_of(pid_t pid) -> std::string {
    std::ifstream stat_file{"/proc/" + std::to_string(pid) + "/stat"};
    std::ifstream boot_file{"/proc/sys/kernel/random/boot_id"};
    std::string line;
    std::string boot;
    if (!std::getline(stat_file, line) || !std::getline(boot_file, boot)) {
        return {};
    }
    auto const name_end = line.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) {
        return {};
    }
    std::istringstream fields{line.substr(name_end + 1)};
    constexpr int fields_before_start = 19;
    std::string start;
    for (int i = 0; i <= fields_before_start; ++i) {
        fields >> start;
    }
    return fields ? std::to_string(pid) + ' ' + start + ' ' + boot : std::string{};
}

// What the child waits for, between fork and exec.
struct Gate {
    int inside;   // the child's end
    int outside;  // the daemon's end, of which the child has a copy
};

// Between fork and exec: nothing here may allocate.
[[noreturn]] void become(char* const* argv, int address, int messages, Gate gate) {
    ::close(gate.outside);
    char go = 0;
    ssize_t got = 0;
    while ((got = ::read(gate.inside, &go, 1)) < 0 && errno == EINTR) {
    }
    if (got != 1) {  // the daemon has died before it could write down who we are
        ::_exit(exec_failed);
    }
    ::setsid();
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): its messages outlive who reads them
    int const devnull = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (devnull < 0 || ::dup2(devnull, STDIN_FILENO) < 0 || ::dup2(devnull, STDOUT_FILENO) < 0 ||
        ::dup2(messages, STDERR_FILENO) < 0) {
        ::_exit(exec_failed);
    }
    // dup2() onto itself would leave it to be closed by exec.
    if (address == address_number) {
        ::fcntl(address, F_SETFD, 0);
    } else if (::dup2(address, address_number) < 0) {
        ::_exit(exec_failed);
    }
    ::syscall(SYS_close_range, static_cast<unsigned>(address_number + 1), ~0U, 0U);
    ::execv(argv[0], argv);
    ::_exit(exec_failed);
}

class LinuxBusProcess final : public BusProcess {
public:
    LinuxBusProcess(Loop& loop, UniqueFd pidfd, std::function<void(std::string)> ended)
        : ended_{std::move(ended)}, pidfd_{std::move(pidfd)} {
        watch_ = loop.watch(pidfd_.get(), Readiness::readable, [this] { gone(); });
    }
    ~LinuxBusProcess() override = default;
    LinuxBusProcess(LinuxBusProcess const&) = delete;
    auto operator=(LinuxBusProcess const&) -> LinuxBusProcess& = delete;

    void end() override { finish(SIGTERM); }
    void kill() override { finish(SIGKILL); }
    void read_config() override { send(SIGHUP); }

private:
    void send(int signal) { ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0U); }

    void finish(int signal) {
        watch_.reset();
        if (!alive_) {
            return;
        }
        alive_ = false;
        send(signal);
        pollfd ended{pidfd_.get(), POLLIN, 0};
        if (::poll(&ended, 1, patience_ms) != 1) {
            send(SIGKILL);
            ::poll(&ended, 1, patience_ms);
        }
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
    }

    void gone() {
        siginfo_t info{};
        int const result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
        if (result == 0 && info.si_pid == 0) {
            return;
        }
        alive_ = false;
        watch_.reset();
        auto const how = result != 0                  ? std::string{"nobody knows why: an earlier daemon started it"}
                         : info.si_code == CLD_EXITED ? "exit status " + std::to_string(info.si_status)
                                                      : "signal " + std::to_string(info.si_status);
        auto const ended = ended_;  // it may destroy this
        ended(how);
    }

    std::function<void(std::string)> ended_;
    UniqueFd pidfd_;
    bool alive_ = true;
    Handle watch_;
};

}  // namespace

auto start_bus_process(Loop& loop, BusProcessPlan plan) -> std::unique_ptr<BusProcess> {
    std::vector<char*> pointers;
    pointers.reserve(plan.argv.size() + 1);
    for (auto& argument : plan.argv) {
        pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
        fail("make a pipe");
    }
    UniqueFd inside{ends[0]};
    UniqueFd outside{ends[1]};
    pid_t const pid = ::fork();
    if (pid < 0) {
        fail("fork");
    }
    if (pid == 0) {
        become(pointers.data(), plan.address.get(), plan.messages.get(), {inside.get(), outside.get()});
    }
    try {
        auto pidfd = open_pidfd(pid);
        auto const identity = identity_of(pid);
        if (!pidfd || identity.empty()) {
            fail("follow a new process");
        }
        plan.record(identity);
        if (::write(outside.get(), "x", 1) != 1) {
            fail("let a new process go on");
        }
        return std::make_unique<LinuxBusProcess>(loop, std::move(pidfd), std::move(plan.ended));
    } catch (...) {
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        throw;
    }
}

auto adopt_bus_process(Loop& loop, std::string_view identity, std::function<void(std::string how)> ended)
    -> std::unique_ptr<BusProcess> {
    pid_t pid = 0;
    auto const number = identity.substr(0, identity.find(' '));
    if (std::from_chars(number.data(), number.data() + number.size(), pid).ec != std::errc{} || pid <= 1) {
        return nullptr;
    }
    auto pidfd = open_pidfd(pid);
    // In this order: who has that start time now had the pid a moment ago, too.
    if (!pidfd || identity_of(pid) != identity) {
        return nullptr;
    }
    if (pollfd dead{pidfd.get(), POLLIN, 0}; ::poll(&dead, 1, 0) == 1) {  // a zombie
        siginfo_t info{};
        ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
        return nullptr;
    }
    return std::make_unique<LinuxBusProcess>(loop, std::move(pidfd), std::move(ended));
}

}  // namespace apiary::bus
