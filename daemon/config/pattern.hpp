// File names by pattern, as in a shell: * ? [a-z] [!a-z], and a backslash before what is meant as it stands.
//
// Own code: glob(3) looks into folders with the daemon's rights, and without bounds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/files.hpp"

namespace apiary::config {

// For a name without slashes. A dot at its start is matched by a dot alone. A bracket that nothing closes is a
// character like any other.
class Pattern {
public:
    explicit Pattern(std::string_view text);

    // Takes at most time in proportion to the product of both lengths.
    [[nodiscard]] auto matches(std::string_view name) const -> bool;

private:
    struct Step {
        enum class Kind { character, any, star, set };
        Kind kind = Kind::character;
        char character = 0;
        bool inverted = false;
        std::vector<std::pair<unsigned char, unsigned char>> ranges{};  // set
    };
    [[nodiscard]] static auto fits(Step const& step, char c) -> bool;
    [[nodiscard]] static auto read_set(std::string_view& rest) -> Step;

    std::vector<Step> steps_;
};

[[nodiscard]] auto has_wildcards(std::string_view pattern) -> bool;

struct Expansion {
    std::vector<std::string> paths;  // by name, folder for folder; some need not be there
    bool complete = true;            // false: `entries` were not enough
    bool refused = false;            // a folder is not there, or may not be looked into
    bool trusted = true;             // the folder that was looked into last: whose it is
    uid_t owner = 0;
};

// `folder` is what a relative pattern stands in (nothing, or ending in a slash), taken as it is. `entries`: how many
// names in folders may still be looked at. A pattern without wildcards expands to what it says, be it there or not.
[[nodiscard]] auto expand(Files& files, std::string const& folder, std::string_view pattern, Asker const& asker,
                          std::size_t& entries) -> Expansion;

}  // namespace apiary::config
