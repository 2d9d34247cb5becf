// The console session. It waits in poll(2) for either side and never longer for one than the other allows: a guest that
// takes nothing must not keep an escape from working.
#include "ctl/console.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "ctl/escape.hpp"

namespace apiary::ctl {

namespace {

constexpr std::size_t chunk = 4096;
constexpr std::size_t most_unsent = std::size_t{64} * 1024;  // typed ahead of a guest that takes nothing

auto again() -> bool {
    return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK;
}

// The output may be non-blocking by somebody else's doing: then it is waited for.
auto write_all(int fd, std::string_view text) -> bool {
    while (!text.empty()) {
        auto const written = ::write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            pollfd wait{fd, POLLOUT, 0};
            ::poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

class Session {
public:
    Session(ConsoleStreams const& streams, ConsoleOptions const& options) : streams_{streams}, options_{options} {
        ::fcntl(streams_.console, F_SETFL, ::fcntl(streams_.console, F_GETFL) | O_NONBLOCK);
    }

    auto run() -> ConsoleEnd {
        for (;;) {
            auto waited = wanted();
            if (::poll(waited.data(), waited.size(), -1) < 0) {
                continue;  // a signal: it is readable too, if it is one to end by
            }
            if (waited[2].revents != 0) {
                return ConsoleEnd::interrupted;
            }
            if (waited[3].revents != 0) {  // its reader is gone: a silent guest must not keep us
                return ConsoleEnd::output_closed;
            }
            // Before what is typed: the last words of a guest are shown also when both sides have something.
            if (auto const end = waited[0].revents != 0 ? from_console(waited[0].revents) : std::nullopt) {
                return *end;
            }
            if (auto const end = waited[1].revents != 0 ? from_input() : std::nullopt) {
                return *end;
            }
        }
    }

private:
    using Waited = std::array<pollfd, 4>;

    [[nodiscard]] auto wanted() const -> Waited {
        bool const room = input_open_ && unsent_.size() < most_unsent;
        auto const events = static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT);
        return {pollfd{streams_.console, events, 0}, pollfd{room ? streams_.input : -1, POLLIN, 0},
                pollfd{streams_.interrupt, POLLIN, 0}, pollfd{streams_.output, 0, 0}};
    }

    auto from_console(short events) -> std::optional<ConsoleEnd> {
        if ((events & POLLOUT) != 0) {
            send();
        }
        if ((events & ~POLLOUT) == 0) {
            return std::nullopt;
        }
        std::array<char, chunk> buffer{};
        auto const size = ::read(streams_.console, buffer.data(), buffer.size());
        if (size == 0 || (size < 0 && !again())) {
            return ConsoleEnd::closed;
        }
        if (size > 0 && !write_all(streams_.output, {buffer.data(), static_cast<std::size_t>(size)})) {
            return ConsoleEnd::output_closed;
        }
        return std::nullopt;
    }

    auto from_input() -> std::optional<ConsoleEnd> {
        std::array<char, chunk> buffer{};
        auto const size = ::read(streams_.input, buffer.data(), buffer.size());
        if (size <= 0) {
            input_open_ = size < 0 && again();
            return std::nullopt;
        }
        std::string_view typed{buffer.data(), static_cast<std::size_t>(size)};
        if (!options_.escapes) {
            queue(typed);
            return std::nullopt;
        }
        while (!typed.empty()) {
            std::string passed;
            auto const [taken, action] = filter_.feed(typed, passed);
            queue(passed);
            typed.remove_prefix(taken);
            if (action == EscapeFilter::Action::quit) {
                return ConsoleEnd::quit;
            }
            if (action == EscapeFilter::Action::suspend && options_.suspend) {
                options_.suspend();
            }
            if (action == EscapeFilter::Action::help && options_.tell) {
                options_.tell(escape_help(options_.read_only));
            }
        }
        return std::nullopt;
    }

    void queue(std::string_view typed) {
        if (!options_.read_only) {
            unsent_ += typed;
            send();
        }
    }

    void send() {
        if (unsent_.empty()) {
            return;
        }
#ifdef MSG_NOSIGNAL
        constexpr int flags = MSG_NOSIGNAL;
#else
        constexpr int flags = 0;
#endif
        auto const sent = ::send(streams_.console, unsent_.data(), unsent_.size(), flags);
        if (sent > 0) {
            unsent_.erase(0, static_cast<std::size_t>(sent));
        } else if (sent < 0 && !again()) {
            unsent_.clear();  // nobody is there; reading tells the same
            input_open_ = false;
        }
    }

    ConsoleStreams streams_;
    ConsoleOptions const& options_;
    EscapeFilter filter_;
    std::string unsent_;
    bool input_open_ = true;
};

}  // namespace

auto run_console(ConsoleStreams const& streams, ConsoleOptions const& options) -> ConsoleEnd {
    return Session{streams, options}.run();
}

auto escape_help(bool read_only) -> std::string_view {
    return read_only ? "At the beginning of a line:\r\n"
                       "  ~.   leave (the guest runs on)\r\n"
                       "  ~^Z  suspend apiaryctl\r\n"
                       "  ~?   this help\r\n"
                       "Nothing that you type reaches the guest: the console was opened to read.\r\n"
                     : "At the beginning of a line:\r\n"
                       "  ~.   leave (the guest runs on)\r\n"
                       "  ~^Z  suspend apiaryctl\r\n"
                       "  ~?   this help\r\n"
                       "  ~~   send one ~\r\n";
}

}  // namespace apiary::ctl
