// The descriptors that connect the daemon, the shim and a hypervisor. All are close-on-exec here.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "vm/unique_fd.hpp"

namespace apiary::hypervisor {

// Or why not, for the user.
template <typename T>
using Made = std::variant<T, std::string>;

// A listening unix socket at `path` and a connection to it that the hypervisor will accept.
struct ControlSocket {
    UniqueFd listener, connection;
};
[[nodiscard]] auto make_control_socket(std::string const& path) -> Made<ControlSocket>;

// A connection to the socket at `path`; invalid: errno says why not. EAGAIN: too many wait there already.
[[nodiscard]] auto connect_to(std::string const& path) -> UniqueFd;

// Both ends of a stream socket.
struct Pair {
    UniqueFd ours, theirs;
};
[[nodiscard]] auto make_socket_pair() -> Made<Pair>;

// A pipe that holds `secret` and nothing else, readable by `reader`: no name, no disk, gone once read.
[[nodiscard]] auto make_secret_pipe(std::string_view secret, uid_t reader) -> Made<UniqueFd>;

// A pseudo terminal that `user` may open. `slave` keeps it connected while nobody else has it open.
struct Terminal {
    UniqueFd master, slave;
    std::string path;
};
[[nodiscard]] auto make_terminal(uid_t user) -> Made<Terminal>;

// Writes a new file 0600 of `owner` in a folder that is ours.
[[nodiscard]] auto write_private_file(std::string const& path, std::string_view text, uid_t owner) -> Made<UniqueFd>;

// Another descriptor for the same thing; invalid where there was none.
[[nodiscard]] auto duplicate(int fd) -> UniqueFd;

}  // namespace apiary::hypervisor
