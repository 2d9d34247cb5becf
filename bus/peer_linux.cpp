// Who is at the other end of a unix socket.
#include <sys/socket.h>

#include <cerrno>

#include "bus/peer.hpp"

namespace apiary::bus {

auto peer_of(int socket) -> std::optional<Caller> {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
        return std::nullopt;
    }
    Caller caller{credentials.uid, {}};
    socklen_t bytes = 64 * sizeof(gid_t);
    for (int tries = 0; tries < 2; ++tries) {  // the second time with the length that the first one told
        caller.groups.resize(bytes / sizeof(gid_t));
        if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, caller.groups.data(), &bytes) == 0) {
            caller.groups.resize(bytes / sizeof(gid_t));
            caller.groups.push_back(credentials.gid);
            return caller;
        }
        if (errno != ERANGE) {
            break;
        }
    }
    return std::nullopt;
}

}  // namespace apiary::bus
