// What the process may do: less, before a line of the plugin is executed.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace apiary::plugin::host {

// What a plugin's declaration asks for (the frame `hello`).
struct Rights {
    std::optional<std::string> user;
    std::vector<std::string> capabilities;
    bool no_network = false;
};

// For --serve. Empty: done; else why not, for people. `warnings`: what could not be done, and does no harm: a daemon
// that is not root can become nobody else, and its plugins can do no more than its user.
[[nodiscard]] auto take_rights(Rights const& rights, std::vector<std::string>& warnings) -> std::string;

// For --describe and --configure: nobody, with little of everything. Empty: done.
[[nodiscard]] auto give_up_everything() -> std::string;

// ---- What is different on each system ----

// No program that it executes gets more rights than it has.
[[nodiscard]] auto no_new_privileges() -> bool;
// Empty: done.
[[nodiscard]] auto leave_network() -> std::string;
// Between them the user is changed, by which all capabilities would be lost.
[[nodiscard]] auto prepare_capabilities(std::vector<std::string> const& names) -> std::string;
[[nodiscard]] auto keep_capabilities(std::vector<std::string> const& names) -> std::string;

}  // namespace apiary::plugin::host
