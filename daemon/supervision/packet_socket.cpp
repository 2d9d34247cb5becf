#include "supervision/packet_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "supervision/protocol.h"

namespace apiary::supervision {
namespace {

constexpr std::size_t control_size = CMSG_SPACE(sizeof(int) * APIARY_SHIM_PACKET_FDS);

void take_descriptors(msghdr& message, std::vector<UniqueFd>& into) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        std::size_t const count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + (i * sizeof fd), sizeof fd);
            into.emplace_back(fd);
        }
    }
}

}  // namespace

auto packet_pair() -> std::optional<SocketPair> {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return std::nullopt;
    }
    SocketPair pair{.ours = UniqueFd{ends[0]}, .theirs = UniqueFd{ends[1]}};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        return std::nullopt;
    }
    return pair;
}

auto connect_packet_socket(std::string const& path) -> UniqueFd {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return {};
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    UniqueFd fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    // sockaddr is what every address family is passed as.
    if (fd && ::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
        int const error = errno;
        fd.reset();
        errno = error;
    }
    return fd;
}

auto send_packet(int socket, std::string_view bytes, std::span<int const> fds) -> Transfer {
    alignas(cmsghdr) std::array<char, control_size> control{};
    iovec data{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};  // sendmsg only reads it
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(part), fds.data(), fds.size_bytes());
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? Transfer::again : Transfer::closed;
    }
    return Transfer::done;
}

auto receive_packet(int socket, Packet& into) -> Transfer {
    into.fds.clear();
    into.bytes.resize(APIARY_SHIM_PACKET_MAX);
    alignas(cmsghdr) std::array<char, control_size> control{};
    iovec data{.iov_base = into.bytes.data(), .iov_len = into.bytes.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? Transfer::again : Transfer::closed;
    }
    take_descriptors(message, into.fds);
    if (got == 0 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        return Transfer::closed;
    }
    into.bytes.resize(static_cast<std::size_t>(got));
    return Transfer::done;
}

}  // namespace apiary::supervision
