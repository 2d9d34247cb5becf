// What bhyve's exit means.
#pragma once

#include <string>

#include "vm/state.hpp"
#include "vm/supervisor.hpp"

namespace apiary::hypervisor {

struct BhyveEnd {
    Reason reason = Reason::unknown;
    std::string text;  // empty where the reason says it all
};

[[nodiscard]] auto bhyve_end(ExitStatus const& status) -> BhyveEnd;

}  // namespace apiary::hypervisor
