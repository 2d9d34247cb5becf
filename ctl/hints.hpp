// What to do about an error of the daemon.
#pragma once

#include <string>
#include <string_view>

#include "ctl/failure.hpp"

namespace apiary::ctl {

// By the last word of the error's name; `vm`: the VM that it is about, or empty. Empty where there is nothing to say.
[[nodiscard]] auto hint_for(std::string_view error_name, std::string_view vm) -> std::string;

inline constexpr char const* daemon_is_older =
    "That daemon is older than apiaryctl: 'apiaryctl daemon restart' puts the installed one in its place.";

// With this hint where it has none of its own.
[[nodiscard]] auto with_hint(Failure const& failure, std::string const& hint) -> Failure;

}  // namespace apiary::ctl
