// The running program as a file that can be executed again: an upgrade puts another one in its place.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace apiary {

struct Program {
    std::string path;                    // absolute; where it was found, not what a link there led to
    std::vector<std::string> arguments;  // without the program's own name
};

// To be called first of all: once the file is replaced, the system knows no name for what runs.
[[nodiscard]] auto this_program(int argc, char const* const* argv) -> Program;

struct ProgramEnd {
    int status = 0;        // as a shell counts it: 128 and more is a signal
    bool in_time = true;   // false: it was killed
    std::string messages;  // what it wrote to its standard error, the first 16 KiB
    std::string fault;     // why it could not be run at all; then nothing else counts
};
// Runs it to its end with one more argument. Blocks: for the pool.
[[nodiscard]] auto run_program(Program const& program, std::string const& argument, std::chrono::milliseconds limit)
    -> ProgramEnd;

// Takes this process's place; returns only where that is not possible, with errno.
void execute(Program const& program);

}  // namespace apiary
