// What apiaryctl ends with. The numbers are part of its interface: see EXIT STATUS in apiaryctl(1).
#pragma once

namespace apiary::ctl {

enum class ExitCode : int {
    ok = 0,
    failed = 1,       // the operation was refused or went wrong
    usage = 2,        // the command line makes no sense
    not_found = 3,    // no such VM, job or plugin
    not_allowed = 4,  // the caller lacks the right
    unreachable = 5,  // no daemon answers, or it went away while something was awaited
    cut_short = 6,    // the job was canceled, superseded or ran out of time
};

// As the shell says it of a program that a signal ended.
[[nodiscard]] constexpr auto exit_code_of_signal(int signal) -> ExitCode {
    constexpr int base = 128;
    return static_cast<ExitCode>(base + signal);
}

}  // namespace apiary::ctl
