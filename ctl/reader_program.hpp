// apiary-config: the program that reads configurations as the daemon would. It is run as a child, without a shell.
#pragma once

#include <string>
#include <vector>

namespace apiary::ctl {

struct ReaderOutput {
    int status = 0;    // what it ended with; of a signal: 128 and its number
    std::string text;  // its standard output. Its standard error is ours
};

// Beside this program (a build tree), else in libexec.
[[nodiscard]] auto reader_program() -> std::string;

// Throws Failure where it cannot be run.
[[nodiscard]] auto run_reader(std::string const& program, std::vector<std::string> const& arguments) -> ReaderOutput;

}  // namespace apiary::ctl
