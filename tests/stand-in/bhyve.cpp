// Stands where bhyve would, for the tests of a VM's life: it ends in each of the ways in which bhyve(8) ends, and takes
// SIGTERM as the ACPI power button. It looks at its arguments for `-l com1,TERMINAL`, or for `-k FILE` with
// lpc.com1.path=TERMINAL, only, prints MARKER-UP there, and obeys single bytes:
//   0 1 2 3 4 ...  ends with this status (bhyve: reboot, power-off, halt, triple fault, error)
//   K A S          is killed by SIGKILL, SIGABRT (bhyve's end when a virtual CPU cannot go on), SIGSEGV
//   i              ignores the power button from now on, or no longer
//   b and a digit  at the power button it ends with this status instead of 1
//   e              sends back what follows, up to a newline
// SIGUSR1 is the guest's reboot, SIGUSR2 its power-off: for who has no console.
// A press of the power button prints MARKER-PB. With STAND_IN_STATUS in its environment it complains and ends at once.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace {

volatile std::sig_atomic_t pressed = 0;

class Guest {
public:
    explicit Guest(int terminal) : terminal_{terminal} {}

    [[noreturn]] void live() {
        sigset_t usual;
        sigset_t blocked;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGTERM);
        sigprocmask(SIG_BLOCK, &blocked, &usual);  // so it comes while we wait, and at no other time
        say("MARKER-UP");
        for (;;) {
            if (pressed != 0) {
                pressed = 0;
                press();
            }
            pollfd entry{.fd = terminal_, .events = POLLIN, .revents = 0};
            if (ppoll(&entry, 1, nullptr, &usual) > 0) {
                obey(receive());
            }
        }
    }

private:
    void say(std::string text) const {
        text += "\r\n";
        for (std::string_view rest{text}; !rest.empty();) {
            auto const sent = write(terminal_, rest.data(), rest.size());
            if (sent > 0) {
                rest.remove_prefix(static_cast<std::size_t>(sent));
            } else if (errno != EINTR) {
                _exit(4);
            }
        }
    }

    [[nodiscard]] auto receive() const -> char {
        char byte = 0;
        while (read(terminal_, &byte, 1) != 1) {
            if (errno != EINTR) {
                _exit(4);  // an error of bhyve's, to bhyve(8)
            }
        }
        return byte;
    }

    void press() const {
        say("MARKER-PB");
        if (!ignoring_) {
            _exit(at_button_);
        }
    }

    void obey(char command) {
        if (command >= '0' && command <= '9') {
            _exit(command - '0');
        }
        switch (command) {
            case 'K':
                kill(getpid(), SIGKILL);
                break;
            case 'A':
                kill(getpid(), SIGABRT);
                break;
            case 'S':
                kill(getpid(), SIGSEGV);
                break;
            case 'i':
                ignoring_ = !ignoring_;
                say(ignoring_ ? "MARKER-IGNORE on" : "MARKER-IGNORE off");
                break;
            case 'b':
                at_button_ = receive() - '0';
                say("MARKER-BUTTON");
                break;
            case 'e':
                echo();
                break;
            default:
                break;
        }
    }

    void echo() const {
        std::string text = "MARKER-ECHO ";
        for (char byte = receive(); byte != '\n' && byte != '\r'; byte = receive()) {
            text += byte;
        }
        say(text);
    }

    int terminal_;
    bool ignoring_ = false;
    int at_button_ = 1;
};

// Of a setting that stands in the file several times the last one counts.
auto terminal_of_file(char const* name) -> std::string {
    constexpr std::string_view key = "lpc.com1.path=";
    std::ifstream file{name};
    std::string line, terminal;
    while (std::getline(file, line)) {
        if (line.starts_with(key)) {
            terminal = line.substr(key.size());
        }
    }
    return terminal;
}

}  // namespace

auto main(int argc, char** argv) -> int {
    if (char const* const status = std::getenv("STAND_IN_STATUS")) {
        std::fprintf(stderr, "bhyve: this is what went wrong\n");
        return std::atoi(status);
    }
    std::string terminal;
    constexpr std::string_view com1 = "com1,";
    for (int i = 1; i + 1 < argc; ++i) {
        std::string_view const value{argv[i + 1]};
        if (std::string_view{argv[i]} == "-l" && value.starts_with(com1)) {
            terminal = value.substr(com1.size());
        } else if (std::string_view{argv[i]} == "-k") {
            if (auto found = terminal_of_file(argv[i + 1]); !found.empty()) {
                terminal = std::move(found);
            }
        }
    }
    int const fd = terminal.empty() ? -1 : open(terminal.c_str(), O_RDWR | O_NOCTTY);
    if (fd < 0) {
        std::fprintf(stderr, "bhyve: no console: %s\n", argc > 1 ? argv[argc - 1] : "no arguments");
        return 4;
    }
    struct sigaction action {};
    action.sa_handler = [](int) { pressed = 1; };
    sigaction(SIGTERM, &action, nullptr);
    action.sa_handler = [](int) { _exit(0); };
    sigaction(SIGUSR1, &action, nullptr);
    action.sa_handler = [](int) { _exit(1); };
    sigaction(SIGUSR2, &action, nullptr);
    Guest{fd}.live();
}
