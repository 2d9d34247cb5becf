// A pipe that a signal handler writes to: it works with every poll(), on every system.
#include "ctl/signals.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace apiary::ctl {

namespace {

constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

volatile std::sig_atomic_t caught_signal = 0;
volatile std::sig_atomic_t wake_fd = -1;

extern "C" void note_signal(int signal) {
    int const saved = errno;
    caught_signal = signal;
    char const byte = 0;
    if (wake_fd >= 0 && ::write(static_cast<int>(wake_fd), &byte, 1) < 0) {
        // Full: then it is readable already.
    }
    errno = saved;
}

// Never takes a signal from a starter that has it ignored (nohup).
void handle(int signal, void (*handler)(int)) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) {
        return;
    }
    action = {};
    action.sa_handler = handler;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &action, nullptr);
}

}  // namespace

SignalCatcher::SignalCatcher() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        throw std::system_error{errno, std::generic_category(), "make a pipe"};
    }
    reader_ = UniqueFd{ends[0]};
    writer_ = UniqueFd{ends[1]};
    caught_signal = 0;
    wake_fd = writer_.get();
    for (int const signal : ending_signals) {
        handle(signal, note_signal);
    }
}

SignalCatcher::~SignalCatcher() {
    for (int const signal : ending_signals) {
        handle(signal, SIG_DFL);
    }
    wake_fd = -1;
}

auto SignalCatcher::caught() -> int {
    return static_cast<int>(caught_signal);
}

}  // namespace apiary::ctl
