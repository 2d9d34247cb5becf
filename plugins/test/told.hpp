// What a plugin says without being asked, for people.
#pragma once

#include <string>

#include "plugin/frames.hpp"
#include "plugins/test/report.hpp"

namespace apiary::plugin_test {

enum class Told { nothing, something, fault };
// `nothing`: the frame is another one. `fault`: something is wrong with the plugin.
[[nodiscard]] auto tell(Report& report, plugin::Frame const& frame) -> Told;
// The messages of configure().
void tell_messages(Report& report, plugin::Json const& messages);

}  // namespace apiary::plugin_test
