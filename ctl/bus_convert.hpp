// Values and errors of the bus library in words of ours. Only the bus_* files know that library.
#pragma once

#include <sdbus-c++/sdbus-c++.h>

#include <map>
#include <string>

#include "ctl/failure.hpp"
#include "ctl/model.hpp"

namespace apiary::ctl {

using Dictionary = std::map<std::string, sdbus::Variant>;

[[nodiscard]] auto values_from(Dictionary const& dictionary) -> Values;

// What to throw for an error of a call.
[[noreturn]] void fail(sdbus::Error const& error);

}  // namespace apiary::ctl
