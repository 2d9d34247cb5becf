// apiary-plugin-test: leads a plugin alone through its whole life, for its author.
#include <csignal>
#include <cstdio>
#include <variant>

#include "plugins/test/life.hpp"
#include "plugins/test/options.hpp"

auto main(int argc, char** argv) -> int {
    using namespace apiary::plugin_test;
    std::signal(SIGPIPE, SIG_IGN);
    auto const options = read_options(argc, argv);
    if (auto const* refusal = std::get_if<Refusal>(&options)) {
        std::fprintf(refusal->help ? stdout : stderr, refusal->help ? "%s" : "apiary-plugin-test: %s\n",
                     refusal->text.c_str());
        return refusal->help ? 0 : 2;
    }
    bool const good = lead_life(std::get<Options>(options));
    std::puts(good ? "all went well" : "not all went well");
    return good ? 0 : 1;
}
