// One datagram after the other, in order.
#include "main/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace apiary {

namespace {

// A manager that takes nothing for so long has other troubles; the newest words count.
constexpr std::size_t most_waiting = 16;

auto connected(std::string const& name) -> UniqueFd {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    bool const abstract = name.starts_with('@');
    if (name.size() < 2 || (!abstract && !name.starts_with('/')) || name.size() >= sizeof address.sun_path) {
        return {};
    }
    auto* const path = static_cast<char*>(address.sun_path);
    std::copy(name.begin(), name.end(), path);
    if (abstract) {
        *path = '\0';
    }
    UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the interface of sockets
    if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr const*>(&address), length) != 0) {
        return {};
    }
    return socket;
}

// A status is one line, whatever a VM is called.
auto status_line(std::string status) -> std::string {
    std::replace(status.begin(), status.end(), '\n', ' ');
    return "STATUS=" + status + "\n";
}

auto extension() -> std::string {
    return "EXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::microseconds{ServiceManager::stop_patience}.count()) +
           "\n";
}

}  // namespace

ServiceManager::ServiceManager(Loop& loop, std::string const& address) : loop_{loop}, socket_{connected(address)} {}

void ServiceManager::ready(std::string const& status) {
    send("READY=1\n" + status_line(status));
}

void ServiceManager::restarting(std::string const& status) {
    auto const now = std::chrono::duration_cast<std::chrono::microseconds>(loop_.now().time_since_epoch()).count();
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now) + "\n" + status_line(status));
}

void ServiceManager::stopping(std::string const& status) {
    send("STOPPING=1\n" + extension() + status_line(status));
}

void ServiceManager::still_stopping(std::string const& status) {
    send(extension() + status_line(status));
}

void ServiceManager::send(std::string text) {
    if (!socket_) {
        return;
    }
    if (waiting_.size() >= most_waiting) {
        waiting_.pop_front();
    }
    waiting_.push_back(std::move(text));
    flush();
}

void ServiceManager::flush() {
    while (!waiting_.empty()) {
        auto const& text = waiting_.front();
        auto const sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
            if (!writable_) {
                writable_ = loop_.watch(socket_.get(), Readiness::writable, [this] { flush(); });
            }
            return;
        }
        waiting_.pop_front();  // it was heard, or never will be
    }
    writable_.reset();
}

}  // namespace apiary
