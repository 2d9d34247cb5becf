// Where one user's own daemon (`apiaryd --session`) has its files and its bus: by the XDG Base Directory Specification.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "main/options.hpp"

namespace apiary {

// What the places depend on.
struct SessionSurroundings {
    std::function<std::optional<std::string>(std::string const& name)> variable;  // of the environment
    std::function<std::string()> home_of_account;                                 // empty: the account has none
    uid_t uid = 0;                                                                // who runs the daemon
};
[[nodiscard]] auto session_surroundings() -> SessionSurroundings;

// What the command line says itself.
struct SaidOptions {
    bool config = false, run_dir = false, state_dir = false, log_dir = false, bus_address = false;
};

// Fills in what was not said. Throws std::runtime_error with what is missing and what to do: a session's daemon has no
// other place to fall back to, for whoever could write to that place could have it believe in VMs of his making.
void take_session_places(Options& options, SaidOptions const& said, SessionSurroundings const& around);

// What its user should know of this host, or nothing.
[[nodiscard]] auto remark_on_session() -> std::string;

}  // namespace apiary
