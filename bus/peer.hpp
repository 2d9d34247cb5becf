// Who is at the other end of a unix socket, as the kernel vouches for it.
#pragma once

#include <optional>

#include "bus/authority.hpp"

namespace apiary::bus {

// The effective uid and all groups at the time of connecting; nothing where the kernel does not tell.
[[nodiscard]] auto peer_of(int socket) -> std::optional<Caller>;

}  // namespace apiary::bus
