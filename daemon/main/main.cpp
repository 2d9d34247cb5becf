// apiaryd.
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "main/application.hpp"
#include "main/log.hpp"

auto main(int argc, char** argv) -> int {
    auto const parsed = apiary::parse_options(argc, argv);
    if (!parsed.run) {
        return parsed.status;
    }
    try {
        if (parsed.options.check) {
            return apiary::check_configuration(parsed.options);
        }
        apiary::log::open(parsed.options.foreground ? apiary::log::Where::standard_error : apiary::log::Where::syslog,
                          parsed.options.debug ? apiary::log::Level::debug : apiary::log::Level::info);
        if (!parsed.options.foreground && ::isatty(STDERR_FILENO) == 1) {  // silence would look like a hang
            std::fprintf(stderr, "apiaryd: the log goes to syslog (with --foreground it comes here)\n");
        }
        int const status = apiary::Application{parsed.options}.run();
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
