// Joins a VM's serial console with the terminal, or with the files or pipes that stand in its place.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace apiary::ctl {

struct ConsoleStreams {
    int console = -1;  // a stream socket; its mode becomes non-blocking
    int input = 0;
    int output = 1;
    int interrupt = -1;  // becomes readable when a signal asks us to end
};

struct ConsoleOptions {
    bool read_only = false;
    bool escapes = false;                        // what is typed is looked through for `~.` and its like
    std::function<void()> suspend;               // for `~^Z`; may be empty
    std::function<void(std::string_view)> tell;  // for `~?`; may be empty
};

enum class ConsoleEnd {
    quit,           // asked for by an escape
    closed,         // the other side has ended it: the guest is gone, or the daemon
    output_closed,  // nobody takes what the guest writes
    interrupted,    // by a signal
};

// Runs until the session ends. The end of the input ends the typing only: what the guest answers still comes.
[[nodiscard]] auto run_console(ConsoleStreams const& streams, ConsoleOptions const& options) -> ConsoleEnd;

[[nodiscard]] auto escape_help(bool read_only) -> std::string_view;

}  // namespace apiary::ctl
