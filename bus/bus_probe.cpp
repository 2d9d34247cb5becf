// One question, one line as the answer.
#include "bus/bus_probe.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

#include "vm/unique_fd.hpp"

namespace apiary::bus {

namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds pause{100};  // nothing tells of room in a queue of connections
constexpr std::size_t longest_line = 256;

// The uid as text, in hexadecimal digits, is what EXTERNAL wants to hear.
auto greeting() -> std::string {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text{"\0AUTH EXTERNAL ", 15};
    for (char const character : std::to_string(::geteuid())) {
        auto const byte = static_cast<unsigned char>(character);
        text += {digits[byte >> 4U], digits[byte & 15U]};
    }
    return text + "\r\n";
}

// Connected and greeted; null: errno says why not.
auto connected(std::string const& path) -> UniqueFd {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENOENT;
        return {};
    }
    std::copy(path.begin(), path.end(), static_cast<char*>(address.sun_path));
    UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    auto const text = greeting();
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the interface of sockets
    if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0 ||
        ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
        int const error = errno;
        socket.reset();
        errno = error;
    }
    return socket;
}

}  // namespace

auto guid_in(std::string const& line) -> std::string {
    constexpr std::string_view word = "OK ";
    constexpr std::size_t length = 32;
    auto const guid = line.starts_with(word) ? line.substr(word.size()) : std::string{};
    return guid.size() == length && guid.find_first_not_of("0123456789abcdef") == std::string::npos ? guid
                                                                                                    : std::string{};
}

class BusProbe::Impl {
public:
    Impl(Loop& loop, std::string path, Done done) : loop_{loop}, path_{std::move(path)}, done_{std::move(done)} {
        timer_ = loop_.after(patience, [this] { end({}); });
        ask();
    }

private:
    void ask() {
        socket_ = connected(path_);
        if (!socket_ && (errno == ECONNREFUSED || errno == ENOENT)) {  // nobody listens
            timer_ = loop_.after(Duration::zero(), [this] { end({}); });
            return;
        }
        try {
            if (socket_) {
                readable_ = loop_.watch(socket_.get(), Readiness::readable, [this] { read(); });
                return;
            }
        } catch (std::system_error const&) {  // no descriptor is left
            socket_.reset();
        }
        again_ = loop_.after(pause, [this] { ask(); });
    }

    void read() {
        std::array<char, longest_line> buffer{};
        auto const length = ::read(socket_.get(), buffer.data(), buffer.size());
        if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (length > 0) {
            line_.append(buffer.data(), static_cast<std::size_t>(length));
        }
        if (auto const end_of_line = line_.find("\r\n"); end_of_line != std::string::npos) {
            end(guid_in(line_.substr(0, end_of_line)));
        } else if (length <= 0 || line_.size() > longest_line) {
            end({});
        }
    }

    void end(std::string guid) {
        readable_.reset();
        timer_.reset();
        again_.reset();
        auto const done = std::move(done_);  // it may destroy this
        done(std::move(guid));
    }

    Loop& loop_;
    std::string path_;
    Done done_;
    UniqueFd socket_;
    std::string line_;
    Handle readable_, timer_, again_;
};

BusProbe::BusProbe(Loop& loop, std::string const& socket_path, Done done)
    : impl_{std::make_unique<Impl>(loop, socket_path, std::move(done))} {}

BusProbe::~BusProbe() = default;

}  // namespace apiary::bus
