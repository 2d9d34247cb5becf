// Processes on Linux: pidfd and /proc.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "supervision/process.hpp"

namespace apiary::supervision {
namespace {

auto read_small_file(std::string const& path) -> std::string {
    UniqueFd const fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 1024> text{};
    ssize_t const got = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
    return got > 0 ? std::string{text.data(), static_cast<std::size_t>(got)} : std::string{};
}

auto start_time(pid_t pid) -> std::optional<std::uint64_t> {
    auto const text = read_small_file("/proc/" + std::to_string(pid) + "/stat");
    // The second field is the program's name in parentheses and may hold anything: fields are counted from its end.
    auto at = text.rfind(')');
    for (int field = 2; at != std::string::npos && field < 22; ++field) {
        at = text.find(' ', at + 1);
    }
    std::uint64_t value = 0;
    if (at == std::string::npos ||
        std::from_chars(text.data() + at + 1, text.data() + text.size(), value).ec != std::errc{}) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

auto Process::ended() const -> bool {
    pollfd entry{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, 0) == 1;
}

auto Process::signal(int number) const -> bool {
    return ::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0;
}

auto find_process(ProcessId const& id) -> ProcessLookup {
    if (id.pid <= 0) {
        return {.process = std::nullopt, .gone = true};
    }
    UniqueFd fd{static_cast<int>(::syscall(SYS_pidfd_open, id.pid, 0))};
    if (!fd) {
        return {.process = std::nullopt, .gone = errno == ESRCH || errno == EINVAL};
    }
    Process process{std::move(fd)};
    // Asked after the descriptor was taken: if it is the right one now, it is the one that we hold.
    if (id.start != 0) {
        auto const start = start_time(id.pid);
        if (!start && !process.ended()) {
            return {};
        }
        if (!start || *start != id.start || process.ended()) {
            return {.process = std::nullopt, .gone = true};
        }
    }
    return {.process = std::move(process), .gone = false};
}

auto boot_id() -> std::string {
    auto text = read_small_file("/proc/sys/kernel/random/boot_id");
    text.erase(std::min(text.find('\n'), text.size()));
    return text;
}

auto peer_uid(int socket) -> std::optional<uid_t> {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return std::nullopt;
    }
    return peer.uid;
}

}  // namespace apiary::supervision
