// Packets and descriptors over SOCK_SEQPACKET, never waiting.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary::supervision {

struct SocketPair {
    UniqueFd ours, theirs;  // ours does not block; both are closed on exec
};
[[nodiscard]] auto packet_pair() -> std::optional<SocketPair>;  // nothing: errno says why

// Connects to a listening packet socket. Invalid: nobody listens there; errno says why.
[[nodiscard]] auto connect_packet_socket(std::string const& path) -> UniqueFd;

enum class Transfer { done, again, closed };

struct Packet {
    std::string bytes;
    std::vector<UniqueFd> fds;
};

[[nodiscard]] auto send_packet(int socket, std::string_view bytes, std::span<int const> fds) -> Transfer;
// A packet that is too long or malformed counts as closed: its sender is not one of ours.
[[nodiscard]] auto receive_packet(int socket, Packet& into) -> Transfer;

}  // namespace apiary::supervision
