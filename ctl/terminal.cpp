// Terminals.
#include "ctl/terminal.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

namespace apiary::ctl {

namespace {

constexpr std::array fatal_signals{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};

// For the handler of fatal signals, which can reach nothing else.
volatile std::sig_atomic_t crash_fd = -1;
termios crash_state{};

extern "C" void restore_terminal_and_die(int signal) {
    if (crash_fd >= 0) {
        ::tcsetattr(static_cast<int>(crash_fd), TCSANOW, &crash_state);
    }
    ::raise(signal);  // the handler is gone already (SA_RESETHAND)
}

void guard_against_crashes(bool on) {
    struct sigaction action {};
    action.sa_handler = on ? restore_terminal_and_die : SIG_DFL;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    for (int const signal : fatal_signals) {
        ::sigaction(signal, &action, nullptr);
    }
}

auto variable(char const* name) -> std::string_view {
    char const* const value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view{value};
}

auto width_of(int fd) -> std::size_t {
    constexpr std::size_t usual = 80;
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    auto const columns = std::strtoul(std::string{variable("COLUMNS")}.c_str(), nullptr, 10);
    return columns > 0 ? columns : usual;
}

auto code_of(Colour colour) -> char const* {
    switch (colour) {
        case Colour::none:
            return "";
        case Colour::green:
            return "\x1b[32m";
        case Colour::red:
            return "\x1b[31m";
        case Colour::yellow:
            return "\x1b[33m";
        case Colour::cyan:
            return "\x1b[36m";
        case Colour::bold:
            return "\x1b[1m";
        case Colour::dim:
            return "\x1b[2m";
    }
    return "";
}

}  // namespace

auto style_of(int fd) -> Style {
    Style style;
    style.tty = ::isatty(fd) == 1;
    auto const terminal = variable("TERM");
    style.colour = style.tty && variable("NO_COLOR").empty() && !terminal.empty() && terminal != "dumb";
    style.width = style.tty ? width_of(fd) : 0;
    if (std::string_view{::nl_langinfo(CODESET)} == "UTF-8") {
        style.ellipsis = "…";
        style.arrow = "→";
    }
    return style;
}

auto painted(std::string_view text, Colour colour, Style const& style) -> std::string {
    if (!style.colour || colour == Colour::none) {
        return std::string{text};
    }
    return code_of(colour) + std::string{text} + "\x1b[0m";
}

auto colour_of_state(std::string_view state) -> Colour {
    if (state.starts_with("running")) {
        return Colour::green;
    }
    if (state.starts_with("failed")) {
        return Colour::red;
    }
    if (state.starts_with("paused")) {
        return Colour::cyan;
    }
    return state.starts_with("stopped") ? Colour::dim : Colour::yellow;
}

RawTerminal::RawTerminal(int fd) : fd_{fd} {
    if (::isatty(fd_) == 1 && ::tcgetattr(fd_, &before_) == 0) {
        enter();
    }
}

RawTerminal::~RawTerminal() {
    leave();
}

void RawTerminal::enter() {
    crash_state = before_;
    crash_fd = fd_;
    guard_against_crashes(true);
    termios raw = before_;
    ::cfmakeraw(&raw);
    active_ = ::tcsetattr(fd_, TCSADRAIN, &raw) == 0;
}

void RawTerminal::leave() {
    if (active_) {
        ::tcsetattr(fd_, TCSADRAIN, &before_);
        active_ = false;
    }
    crash_fd = -1;
    guard_against_crashes(false);
}

void RawTerminal::suspend() {
    if (!active_) {
        return;
    }
    leave();
    ::kill(0, SIGTSTP);  // all of the pipeline, as the terminal itself would do it
    enter();
}

}  // namespace apiary::ctl
