// The functions that a plugin gets (struct apiary_host).
#pragma once

#include <apiary/plugin.h>

namespace apiary::plugin::host {

// `self` stays for the life of the process: functions that are given no handle, or a wrong one, are about it.
[[nodiscard]] auto services(apiary_self& self) -> apiary_host const&;

}  // namespace apiary::plugin::host
