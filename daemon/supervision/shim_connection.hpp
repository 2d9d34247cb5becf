// A connection to a shim: messages both ways, without ever waiting.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "supervision/shim_message.hpp"
#include "vm/loop.hpp"

namespace apiary::supervision {

class ShimConnection {
public:
    using OnMessage = std::function<void(IncomingMessage const&)>;
    using OnClosed = std::function<void()>;
    // Both are called on the loop, never from within a call of ours, and may destroy this. After `on_closed` nothing
    // more comes.
    ShimConnection(Loop& loop, UniqueFd socket, OnMessage on_message, OnClosed on_closed);
    ~ShimConnection() = default;
    ShimConnection(ShimConnection const&) = delete;
    auto operator=(ShimConnection const&) -> ShimConnection& = delete;

    void send(OutgoingMessage message);  // in order; kept until the shim takes it

private:
    void read();
    void write();
    void close();
    Loop& loop_;
    OnMessage on_message_;
    OnClosed on_closed_;
    UniqueFd socket_;
    Handle readable_, writable_;  // after socket_: they go first
    std::deque<OutgoingMessage> queue_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace apiary::supervision
