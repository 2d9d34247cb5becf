// The command line of apiary-plugin-test.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace apiary::plugin_test {

struct Options {
    std::string file;    // the shared object
    std::string host;    // apiary-plugin-host
    std::string reader;  // apiary-config; empty: it is not there
    std::string vm = "test";
    std::string state;  // empty: a folder that is removed at the end
    std::string bus;
    std::vector<std::pair<std::string, std::vector<std::string>>> settings;
    std::map<std::string, std::string> secrets;
    std::vector<std::pair<std::string, std::string>> fields;  // of events
    bool expects_veto = false;
};

// A text: what is wrong, or (with `help`) the usage.
struct Refusal {
    std::string text;
    bool help = false;
};
[[nodiscard]] auto read_options(int argc, char** argv) -> std::variant<Options, Refusal>;

}  // namespace apiary::plugin_test
