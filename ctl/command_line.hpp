// Reading the command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/exit_code.hpp"
#include "ctl/invocation.hpp"

namespace apiary::ctl {

struct CommandLine {
    std::optional<Invocation> invocation;  // nothing: end with `code` after saying `text`
    ExitCode code = ExitCode::ok;
    std::string text;  // help or version for the standard output (code is ok), or what is wrong with the line
};

// `arguments`: without the program's name.
[[nodiscard]] auto parse_command_line(std::vector<std::string> const& arguments) -> CommandLine;

}  // namespace apiary::ctl
