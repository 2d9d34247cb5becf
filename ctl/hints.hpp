// What to do about an error of the daemon.
#pragma once

#include <string>
#include <string_view>

namespace apiary::ctl {

// By the last word of the error's name; `vm`: the VM that it is about, or empty. Empty where there is nothing to say.
[[nodiscard]] auto hint_for(std::string_view error_name, std::string_view vm) -> std::string;

}  // namespace apiary::ctl
