#include "plugin/host/channel.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace apiary::plugin::host {

auto Channel::send(Json body, std::vector<UniqueFd> descriptors) -> bool {
    OutgoingFrame frame{std::move(body), std::move(descriptors)};
    if (!frame.valid()) {
        return false;
    }
    std::lock_guard const lock{sending_};
    if (send_some(descriptor_.get(), frame, true) == Sent::gone && errno != EPIPE && errno != ECONNRESET) {
        // The plugin has closed it, or put something else in its place. Nothing can be told any more.
        ::_exit(channel_lost);
    }
    return true;
}

auto Channel::receive() -> std::optional<Frame> {
    return receive_frame(descriptor_.get(), reader_);
}

auto Channel::take() -> bool {
    return receive_some(descriptor_.get(), reader_, true) != Received::end;
}

}  // namespace apiary::plugin::host
