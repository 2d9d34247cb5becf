// By the thread's mask, which the daemon's other threads block wholly.
#include "main/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace apiary {

namespace {

auto ours() -> sigset_t {
    sigset_t signals;
    sigemptyset(&signals);
    for (int const number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, leave_signal()}) {
        sigaddset(&signals, number);
    }
    return signals;
}

}  // namespace

// The BSDs have few signals that mean nothing, and this is one.
auto leave_signal() -> int {
#ifdef SIGINFO
    return SIGINFO;
#else
    return SIGRTMIN;
#endif
}

void hold_back_signals() {
    auto const signals = ours();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void let_signals_through() {
    auto const signals = ours();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void pass_on(int number) {
    ::kill(::getpid(), number);
}

}  // namespace apiary
