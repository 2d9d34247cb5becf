// Tokens to tree: the grammar of bmd's configuration language.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/tree.hpp"

namespace apiary::config {

// Called for each syntax error, at most `most_syntax_errors` times for one file.
using SyntaxReport = std::function<void(Position, std::string)>;
inline constexpr unsigned most_syntax_errors = 50;

[[nodiscard]] auto parse(std::string_view source, SyntaxReport const& report) -> Tree;

}  // namespace apiary::config
