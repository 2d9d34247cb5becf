#include "plugin/host/output.hpp"

#include <apiary/plugin.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "plugin/host/lines.hpp"
#include "plugin/host/own_descriptors.hpp"

namespace apiary::plugin::host {

auto Output::begin() -> bool {
    // A socket, for it can be looked at before it is read: of a pipe, what was read in the instant of a crash would be
    // lost.
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return false;
    }
    readable_.reset(move_up(ends[0]));
    writable_.reset(move_up(ends[1]));
    if (!readable_ || !writable_ || !replace_with_nothing(0) || ::dup2(writable_.get(), 1) != 1 ||
        ::dup2(writable_.get(), 2) != 2) {
        return false;
    }
    ::shutdown(readable_.get(), SHUT_WR);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // the plugin's printf() too: lines are told when they are written
    return true;
}

void Output::pass_on(apiary_self& self) {
    std::thread{[this, &self] {
        std::vector<char> chunk(std::size_t{16} * 1024);
        Lines lines{[&self](std::string const& line) { self.log(APIARY_INFO, line); }};
        for (;;) {
            ssize_t const got = ::recv(readable_.get(), chunk.data(), chunk.size(), MSG_PEEK);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got <= 0) {
                lines.end();
                passed_on_.set_value();
                return;
            }
            auto const size = static_cast<std::size_t>(got);
            lines.take({chunk.data(), size});
            if (::recv(readable_.get(), chunk.data(), size, 0) != got) {
                return;
            }
        }
    }}.detach();
}

void Output::finish() {
    ::shutdown(writable_.get(), SHUT_WR);
    passed_on_.get_future().wait_for(std::chrono::seconds{1});
}

}  // namespace apiary::plugin::host
