// The other end of a stream of events, in a test.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary::bus::testing {

class StreamReader {
public:
    explicit StreamReader(UniqueFd fd) : fd_{std::move(fd)} {}

    // What has come since the last time.
    auto read(std::size_t most = std::size_t{1} << 30) -> std::string {
        std::string text;
        std::array<char, 4096> bytes{};
        while (!ended_ && text.size() < most) {
            auto const got = ::recv(fd_.get(), bytes.data(), std::min(bytes.size(), most - text.size()), MSG_DONTWAIT);
            if (got < 0) {
                break;
            }
            ended_ = got == 0;
            text.append(bytes.data(), static_cast<std::size_t>(got));
        }
        return text;
    }
    auto lines() -> std::vector<std::string> {
        std::vector<std::string> all;
        std::istringstream text{read()};
        for (std::string line; std::getline(text, line);) {
            all.push_back(line);
        }
        return all;
    }
    [[nodiscard]] auto ended() const -> bool { return ended_; }
    [[nodiscard]] auto fd() const -> int { return fd_.get(); }
    void close() { fd_.reset(); }

private:
    UniqueFd fd_;
    bool ended_ = false;
};

}  // namespace apiary::bus::testing
