// One apiary-plugin-host, and the daemon's part of the conversation with it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "plugin/frames.hpp"

namespace apiary::plugin_test {

class Host {
public:
    Host() = default;
    Host(Host const&) = delete;
    auto operator=(Host const&) -> Host& = delete;
    ~Host();

    // Empty: begun; else why not. `hello` without what every hello has.
    auto begin(std::string const& program, std::string const& mode, std::string const& file, plugin::Json hello)
        -> std::string;
    void send(plugin::Json body);
    // The next frame that `other` (which is given each) does not take; nothing: it ended, its channel is broken, or the
    // time is over. `trouble()` says which.
    using Other = std::function<bool(plugin::Frame const&)>;
    auto receive(std::chrono::milliseconds most, Other const& other) -> std::optional<plugin::Frame>;
    [[nodiscard]] auto trouble() const -> std::string const& { return trouble_; }
    // Lets go of the channel, and gives how the process ended, in words; empty: with 0. One that hangs is killed.
    auto end(std::chrono::milliseconds most) -> std::string;

private:
    UniqueFd channel_;
    plugin::FrameReader reader_;
    std::string trouble_;
    pid_t pid_ = -1;
};

}  // namespace apiary::plugin_test
