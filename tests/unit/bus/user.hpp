// Who calls, in the tests of bus/.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "bus/callers.hpp"

namespace apiary::bus::testing {

inline auto user(uid_t uid, std::vector<gid_t> groups = {}) -> CallerPtr {
    return std::make_shared<Caller>(uid, std::move(groups));
}

}  // namespace apiary::bus::testing
