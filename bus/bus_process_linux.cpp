// The dbus-daemon of a private bus as a child process: with what Linux has to follow one, and to end it with us.
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
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

// Between fork and exec: nothing here may allocate.
[[noreturn]] void become(char* const* argv, int inherited, pid_t parent) {
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) {
        ::_exit(exec_failed);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &standard, nullptr);
    int const devnull = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (devnull >= 0) {
        ::dup2(devnull, STDIN_FILENO);
    }
    // dup2() onto itself would leave it to be closed by exec.
    if (inherited == inherited_number) {
        ::fcntl(inherited, F_SETFD, 0);
    } else {
        ::dup2(inherited, inherited_number);
    }
    ::syscall(SYS_close_range, static_cast<unsigned>(inherited_number + 1), ~0U, 0U);
    ::execv(argv[0], argv);
    ::_exit(exec_failed);
}

class LinuxBusProcess final : public BusProcess {
public:
    LinuxBusProcess(Loop& loop, std::vector<std::string> argv, UniqueFd inherited,
                    std::function<void(std::string)> ended)
        : ended_{std::move(ended)} {
        std::vector<char*> pointers;
        pointers.reserve(argv.size() + 1);
        for (auto& argument : argv) {
            pointers.push_back(argument.data());
        }
        pointers.push_back(nullptr);
        pid_t const parent = ::getpid();
        pid_ = ::fork();
        if (pid_ < 0) {
            fail("fork");
        }
        if (pid_ == 0) {
            become(pointers.data(), inherited.get(), parent);
        }
        pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U)));
        if (!pidfd_) {
            int const error = errno;
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            errno = error;
            fail("pidfd_open");
        }
        watch_ = loop.watch(pidfd_.get(), Readiness::readable, [this] { reap(); });
    }

    ~LinuxBusProcess() override {
        watch_.reset();
        if (pid_ <= 0) {
            return;
        }
        send(SIGTERM);
        pollfd ended{pidfd_.get(), POLLIN, 0};
        if (::poll(&ended, 1, patience_ms) != 1) {
            send(SIGKILL);
        }
        siginfo_t info{};
        while (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED) < 0 && errno == EINTR) {
        }
    }
    LinuxBusProcess(LinuxBusProcess const&) = delete;
    auto operator=(LinuxBusProcess const&) -> LinuxBusProcess& = delete;

private:
    void send(int signal) { ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0U); }

    void reap() {
        siginfo_t info{};
        if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0) {
            return;
        }
        pid_ = 0;
        watch_.reset();
        auto const how = info.si_code == CLD_EXITED ? "exit status " + std::to_string(info.si_status)
                                                    : "signal " + std::to_string(info.si_status);
        auto const ended = ended_;  // it may destroy this
        ended(how);
    }

    std::function<void(std::string)> ended_;
    pid_t pid_ = 0;
    UniqueFd pidfd_;
    Handle watch_;
};

}  // namespace

auto start_bus_process(Loop& loop, std::vector<std::string> argv, UniqueFd inherited,
                       std::function<void(std::string how)> ended) -> std::unique_ptr<BusProcess> {
    return std::make_unique<LinuxBusProcess>(loop, std::move(argv), std::move(inherited), std::move(ended));
}

}  // namespace apiary::bus
