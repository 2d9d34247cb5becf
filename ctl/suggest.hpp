// "Did you mean ...?"
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace apiary::ctl {

// How many letters have to be inserted, left out, changed or swapped with their neighbour, without regard to case.
[[nodiscard]] auto typing_distance(std::string_view a, std::string_view b) -> std::size_t;

// The candidate that was most likely meant: the only one that begins with `word`, or else the nearest one that is
// near enough. Nothing where it would be a wild guess.
[[nodiscard]] auto suggestion(std::string_view word, std::vector<std::string> const& candidates)
    -> std::optional<std::string>;

}  // namespace apiary::ctl
