#include "hypervisor/channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace apiary::hypervisor {
namespace {

// Each daemon that QEMU did not come to serve leaves a dead connection in the queue.
constexpr int waiting_max = 16;

auto failed(std::string what) -> std::string {
    return std::move(what) + ": " + std::strerror(errno);
}

// Files that we make are our own already, unless the daemon is root and the hypervisor is not.
auto give(int fd, uid_t user) -> bool {
    return user == ::geteuid() || ::fchown(fd, user, static_cast<gid_t>(-1)) == 0;
}

}  // namespace

auto make_control_socket(std::string const& path) -> Made<ControlSocket> {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return path + ": too long for the name of a socket (" + std::to_string(sizeof address.sun_path - 1) +
               " bytes); choose a shorter run folder";
    }
    path.copy(address.sun_path, path.size());
    auto const* generic = reinterpret_cast<sockaddr const*>(&address);
    ControlSocket made;
    made.listener.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    made.connection.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made.listener || !made.connection) {
        return failed("cannot make a socket");
    }
    ::unlink(path.c_str());  // of a hypervisor that is gone: the run folder is this one's alone
    if (::bind(made.listener.get(), generic, sizeof address) != 0 || ::chmod(path.c_str(), 0600) != 0 ||
        ::listen(made.listener.get(), waiting_max) != 0 ||
        ::connect(made.connection.get(), generic, sizeof address) != 0) {
        return failed("cannot make the socket " + path);
    }
    return made;
}

auto connect_to(std::string const& path) -> UniqueFd {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return {};
    }
    path.copy(address.sun_path, path.size());
    UniqueFd made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (made && ::connect(made.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
        int const error = errno;
        made.reset();
        errno = error;
    }
    return made;
}

auto make_socket_pair() -> Made<Pair> {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return failed("cannot make a pair of sockets");
    }
    return Pair{.ours = UniqueFd{ends[0]}, .theirs = UniqueFd{ends[1]}};
}

auto make_secret_pipe(std::string_view secret, uid_t reader) -> Made<UniqueFd> {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return failed("cannot make a pipe");
    }
    UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    if (secret.size() > PIPE_BUF) {
        return std::string{"a secret is longer than "} + std::to_string(PIPE_BUF) + " bytes";
    }
    if (!give(read_end.get(), reader) ||
        ::write(write_end.get(), secret.data(), secret.size()) != static_cast<ssize_t>(secret.size())) {
        return failed("cannot fill a pipe");
    }
    return read_end;
}

auto make_terminal(uid_t user) -> Made<Terminal> {
    Terminal made;
    made.master.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!made.master || ::grantpt(made.master.get()) != 0 || ::unlockpt(made.master.get()) != 0) {
        return failed("cannot make a pseudo terminal");
    }
    // The loop's thread is the only one that asks for the name of a terminal.
    auto const* name = ::ptsname(made.master.get());  // NOLINT(concurrency-mt-unsafe)
    if (!name) {
        return failed("cannot name a pseudo terminal");
    }
    made.path = name;
    made.slave.reset(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios settings{};
    if (!made.slave || !give(made.slave.get(), user) || ::tcgetattr(made.slave.get(), &settings) != 0) {
        return failed("cannot use the pseudo terminal " + made.path);
    }
    // From the first byte on, and whoever opens it: a terminal that echoes would send the guest its own words.
    ::cfmakeraw(&settings);
    if (::tcsetattr(made.slave.get(), TCSANOW, &settings) != 0) {
        return failed("cannot set up the pseudo terminal " + made.path);
    }
    return made;
}

auto write_private_file(std::string const& path, std::string_view text, uid_t owner) -> Made<UniqueFd> {
    ::unlink(path.c_str());
    UniqueFd file{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file || !give(file.get(), owner)) {
        return failed("cannot write " + path);
    }
    while (!text.empty()) {
        auto const written = ::write(file.get(), text.data(), text.size());
        if (written < 0) {
            return failed("cannot write " + path);
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) {
        return failed("cannot write " + path);
    }
    return file;
}

auto duplicate(int fd) -> UniqueFd {
    return UniqueFd{fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
}

}  // namespace apiary::hypervisor
