// The service run(): a program to its end, in a process group of its own.
#pragma once

#include <apiary/plugin.h>

#include "plugin/host/call.hpp"
#include "plugin/host/state.hpp"

namespace apiary::plugin::host {

// 0, or -1 with the outcome's error; the call has a message then.
auto run_program(apiary_self& self, apiary_call& call, apiary_command const& command, apiary_outcome* outcome) -> int;

}  // namespace apiary::plugin::host
