// The escapes of the console: what is typed goes to the guest, apart from `~` and a letter at the beginning of a line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace apiary::ctl {

class EscapeFilter {
public:
    enum class Action { none, quit, suspend, help };
    struct Result {
        std::size_t taken = 0;  // how much of the input was looked at: all of it, or up to an action
        Action action = Action::none;
    };
    // Appends to `out` what is for the guest. Stops after an escape that asks something of us.
    auto feed(std::string_view input, std::string& out) -> Result;

private:
    // A `~` counts only after Enter (or at the very beginning), as in cu(1) and ssh(1): a path like ~/x in the middle
    // of a line must get through.
    enum class Place { line_start, inside, after_tilde };
    Place place_ = Place::line_start;
};

}  // namespace apiary::ctl
