// FreeBSD has no way to share the table of descriptors and then part with most of it: posix_spawn(3) it is.
#include "supervision/spawn.hpp"

namespace apiary::supervision {

Spawner::Spawner() = default;

auto Spawner::spawn(std::string const& /*program*/, char* const* /*argv*/, int /*input*/) -> std::optional<pid_t> {
    return std::nullopt;
}

}  // namespace apiary::supervision
