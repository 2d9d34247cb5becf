// apiaryd.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

#include "main/application.hpp"
#include "main/check.hpp"
#include "main/log.hpp"
#include "main/program.hpp"

namespace {

void open_log(apiary::Options const& options) {
    apiary::log::open(options.foreground ? apiary::log::Where::standard_error : apiary::log::Where::syslog,
                      options.debug ? apiary::log::Level::debug : apiary::log::Level::info);
}

// True: the program is to be executed again. Nothing of this run is left then.
auto run(apiary::Options const& options, apiary::Program const& program, int& status) -> bool {
    apiary::Application application{options, program};
    status = application.run();
    return application.comes_back();
}

}  // namespace

auto main(int argc, char** argv) -> int {
    auto const program = apiary::this_program(argc, argv);
    auto const parsed = apiary::parse_options(argc, argv);
    if (!parsed.run) {
        return parsed.status;
    }
    try {
        if (parsed.options.check || parsed.options.check_restart) {
            return apiary::check_configuration(parsed.options);
        }
        open_log(parsed.options);
        if (!parsed.options.foreground && ::isatty(STDERR_FILENO) == 1) {  // silence would look like a hang
            std::fprintf(stderr, "apiaryd: the log goes to syslog (with --foreground it comes here)\n");
        }
        int status = 0;
        if (run(parsed.options, program, status)) {
            apiary::log::close();
            apiary::execute(program);
            int const error = errno;
            open_log(parsed.options);
            apiary::log::error(program.path + " cannot be executed any more: " +
                               std::generic_category().message(error) + ". The VMs run on; start apiaryd again");
            status = 1;
        }
        apiary::log::close();
        return status;
    } catch (std::exception const& error) {
        apiary::log::error(error.what());
        apiary::log::close();
        if (!parsed.options.foreground) {
            std::fprintf(stderr, "apiaryd: %s\n", error.what());
        }
        return 1;
    }
}
