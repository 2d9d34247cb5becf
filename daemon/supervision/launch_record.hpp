// A spawn request as the packets of a launch record (protocol.h).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "supervision/shim_message.hpp"
#include "vm/supervisor.hpp"

namespace apiary::supervision {

struct LaunchFault {
    std::string text;
};
// `ticket`: its leave to launch (tickets.hpp); empty: the shim asks for none.
[[nodiscard]] auto launch_record(SpawnRequest request, std::uint64_t log_bound, std::string const& ticket = {})
    -> std::variant<std::vector<OutgoingMessage>, LaunchFault>;

}  // namespace apiary::supervision
