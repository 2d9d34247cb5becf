#include "supervision/shim_connection.hpp"

#include "supervision/packet_socket.hpp"

namespace apiary::supervision {
namespace {

constexpr int packets_per_turn = 16;
constexpr std::size_t queue_max = 256;  // a shim that takes nothing for so long is as good as dead

}  // namespace

ShimConnection::ShimConnection(Loop& loop, UniqueFd socket, OnMessage on_message, OnClosed on_closed)
    : loop_{loop},
      on_message_{std::move(on_message)},
      on_closed_{std::move(on_closed)},
      socket_{std::move(socket)},
      readable_{loop.watch(socket_.get(), Readiness::readable, [this] { read(); })} {}

void ShimConnection::send(OutgoingMessage message) {
    if (!socket_) {
        return;
    }
    queue_.push_back(std::move(message));
    if (queue_.size() > queue_max) {
        queue_.clear();
        writable_.reset();
        loop_.post([this, weak = std::weak_ptr{alive_}] {
            if (!weak.expired()) {
                close();
            }
        });
        return;
    }
    if (!writable_) {
        write();
    }
}

void ShimConnection::write() {
    while (!queue_.empty()) {
        auto const& message = queue_.front();
        std::vector<int> fds;
        for (auto const& fd : message.fds()) {
            fds.push_back(fd->get());
        }
        switch (send_packet(socket_.get(), message.bytes(), fds)) {
            case Transfer::done:
                queue_.pop_front();
                break;
            case Transfer::again:
                if (!writable_) {
                    writable_ = loop_.watch(socket_.get(), Readiness::writable, [this] { write(); });
                }
                return;
            case Transfer::closed:  // what it had said before is still to be read: reading finds the end
                queue_.clear();
                break;
        }
    }
    writable_.reset();
}

void ShimConnection::read() {
    std::weak_ptr const weak{alive_};
    Packet packet;
    for (int i = 0; i < packets_per_turn && socket_; ++i) {
        auto const result = receive_packet(socket_.get(), packet);
        if (result == Transfer::again) {
            return;
        }
        auto const message = result == Transfer::done ? IncomingMessage::parse(std::move(packet.bytes)) : std::nullopt;
        if (!message) {
            close();
            return;
        }
        auto const deliver = on_message_;  // outlives us, should we be destroyed
        deliver(*message);
        if (weak.expired()) {
            return;
        }
    }
}

void ShimConnection::close() {
    readable_.reset();
    writable_.reset();
    queue_.clear();
    socket_.reset();
    auto const deliver = on_closed_;
    deliver();
}

}  // namespace apiary::supervision
