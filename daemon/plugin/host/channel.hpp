// The host's end of the channel to the daemon: any thread sends, one receives.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "plugin/frames.hpp"

namespace apiary::plugin::host {

class Channel {
public:
    explicit Channel(UniqueFd descriptor) : descriptor_{std::move(descriptor)} {}

    // Blocks until the channel has taken it. False: the frame is larger than may be, and was not sent. Where the daemon
    // is gone it is thrown away: the receiving thread hears of that.
    auto send(Json body, std::vector<UniqueFd> descriptors = {}) -> bool;
    // Blocks. Nothing: the daemon is gone.
    auto receive() -> std::optional<Frame>;
    // A frame that came already; nothing: more is to be received.
    auto received() -> std::optional<Frame> { return reader_.next(); }
    // Takes what has come; false: the daemon is gone, or speaks nonsense.
    auto take() -> bool;
    [[nodiscard]] auto descriptor() const -> int { return descriptor_.get(); }

private:
    UniqueFd descriptor_;
    FrameReader reader_;
    std::mutex sending_;
};

// The status that the process ends with when the plugin has closed or overwritten the host's own descriptors.
inline constexpr int channel_lost = 70;

}  // namespace apiary::plugin::host
