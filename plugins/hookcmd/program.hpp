// One run of a hook: a program, who it runs as, and what came of it.
#pragma once

#include <apiary/plugin.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace apiary::hookcmd {

struct Program {
    std::string what;  // "prestart", "start_network" …: for people
    std::string path;
    std::vector<std::string> arguments;  // after its name
    std::string name;                    // argv[0]
    std::string user;                    // account; empty: as the daemon runs
    std::vector<std::string> environment;
    std::chrono::milliseconds timeout{0};
};

// What is wrong with a run that did not end with status 0.
struct Trouble {
    enum class Kind {
        said_no,    // it ended by itself with another status
        not_run,    // it was not begun: there is nothing of it
        broken,     // it was killed, for it took too long, or died of a signal
        called_off  // nobody waits for it any more
    };
    Kind kind;
    std::string text;  // its own last line first, where it has one
};

// Blocks until it has ended, or was killed with all of its process group. Nothing: it went well.
[[nodiscard]] auto run(plugins::Call& call, Program const& program) -> std::optional<Trouble>;

}  // namespace apiary::hookcmd
