// apiaryctl: the message bus for people.
#include <unistd.h>

#include <clocale>
#include <exception>
#include <iostream>

#include "ctl/bus_client.hpp"
#include "ctl/command_line.hpp"
#include "ctl/commands/commands.hpp"

namespace {

using namespace apiary::ctl;

auto run_command_line(std::vector<std::string> const& arguments) -> ExitCode {
    auto const line = parse_command_line(arguments);
    if (!line.invocation) {
        (line.code == ExitCode::ok ? std::cout : std::cerr) << line.text;
        return line.code;
    }
    auto const& asked = *line.invocation;
    Output output{.out = std::cout,
                  .err = std::cerr,
                  .out_style = style_of(STDOUT_FILENO),
                  .err_style = style_of(STDERR_FILENO),
                  .json = asked.json,
                  .quiet = asked.quiet};
    Context context{
        .output = output,
        .connect =
            [&] {
                auto const environment = process_environment();
                return connect(asked.session ? find_session_bus(environment) : find_bus(asked.address, environment));
            },
        .read_configuration = [](auto const& words) { return run_reader(reader_program(), words); }};
    return run(context, asked);
}

}  // namespace

auto main(int argc, char** argv) -> int {
    try {
        std::setlocale(LC_CTYPE, "");
        auto code = run_command_line({argv + 1, argv + argc});
        std::cout.flush();
        if (!std::cout && code == ExitCode::ok) {  // a full disk must not look like an empty list
            std::cerr << "apiaryctl: the output could not be written\n";
            code = ExitCode::failed;
        }
        return static_cast<int>(code);
    } catch (std::exception const& error) {
        std::cerr << "apiaryctl: " << error.what() << '\n';
        return static_cast<int>(ExitCode::failed);
    }
}
