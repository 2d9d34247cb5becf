// Who is at the other end of a unix socket.
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/ucred.h>
#include <sys/un.h>

#include "bus/peer.hpp"

namespace apiary::bus {

auto peer_of(int socket) -> std::optional<Caller> {
    xucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket, SOL_LOCAL, LOCAL_PEERCRED, &credentials, &length) != 0 ||
        credentials.cr_version != XUCRED_VERSION || credentials.cr_ngroups < 0) {
        return std::nullopt;
    }
    // The first of them is the effective one; beyond 16 the kernel keeps none here.
    return Caller{credentials.cr_uid, {credentials.cr_groups, credentials.cr_groups + credentials.cr_ngroups}};
}

}  // namespace apiary::bus
