#include "hypervisor/qmp.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace apiary::hypervisor {
namespace {

constexpr std::size_t line_bound = 1U << 20U;
constexpr std::size_t output_bound = 64U << 10U;
constexpr std::size_t pending_bound = 64;
// A guest can make its QEMU say things (resets, I/O errors). Past this pace nothing is read for a moment, so that
// QEMU has to hold it.
constexpr unsigned lines_per_window = 100;
constexpr Duration window_length = std::chrono::milliseconds{250};
constexpr std::uint64_t capabilities_id = 0;

}  // namespace

Qmp::Qmp(Loop& loop, UniqueFd socket, Listener& listener)
    : loop_{loop}, socket_{std::move(socket)}, listener_{listener}, window_{loop.now()} {
    reader_ = loop_.watch(socket_.get(), Readiness::readable, [this] { on_readable(); });
}

Qmp::~Qmp() = default;

void Qmp::execute(std::string_view command, std::string_view arguments, Reply reply, std::shared_ptr<UniqueFd> passed) {
    if (!ready()) {
        fail_later(std::move(reply), socket_ ? "its control channel is not ready" : "its control channel is closed");
        return;
    }
    if (pending_.size() >= pending_bound || queued_ > output_bound) {
        fail_later(std::move(reply), "it has not answered the requests before this one");
        return;
    }
    auto const id = next_id_++;
    pending_.emplace(id, std::move(reply));
    send(command, arguments, id, std::move(passed));
}

void Qmp::fail_later(Reply reply, std::string text) {
    loop_.post([reply = std::move(reply), text = std::move(text), alive = std::weak_ptr{alive_}] {
        if (alive.lock()) {
            QmpMessage message;
            message.kind = QmpMessage::Kind::error;
            message.text = text;
            reply(message);
        }
    });
}

void Qmp::send(std::string_view command, std::string_view arguments, std::uint64_t id,
               std::shared_ptr<UniqueFd> passed) {
    std::string text = "{\"execute\":\"";
    text += command;
    if (!arguments.empty()) {
        text += "\",\"arguments\":";
        text += arguments;
        text += ",\"id\":";
    } else {
        text += "\",\"id\":";
    }
    text += std::to_string(id);
    text += "}\n";
    queued_ += text.size();
    output_.push_back({.bytes = std::move(text), .passed = std::move(passed)});
    if (!writer_) {
        flush();
    }
}

void Qmp::flush() {
    while (!output_.empty()) {
        auto& chunk = output_.front();
        iovec data{.iov_base = chunk.bytes.data() + chunk.sent, .iov_len = chunk.bytes.size() - chunk.sent};
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        if (chunk.passed && chunk.sent == 0) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            auto* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int));
            int const fd = chunk.passed->get();
            std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
        }
        auto const sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                if (!writer_) {
                    writer_ = loop_.watch(socket_.get(), Readiness::writable, [this] {
                        auto* const self = this;  // the capture goes with the watch
                        self->writer_.reset();
                        self->flush();
                    });
                }
                return;
            }
            // The reader meets the end too, after what was said before it.
            output_.clear();
            queued_ = 0;
            return;
        }
        chunk.sent += static_cast<std::size_t>(sent);
        queued_ -= static_cast<std::size_t>(sent);
        if (chunk.sent == chunk.bytes.size()) {
            output_.pop_front();
        }
    }
}

auto Qmp::read_some() -> bool {
    std::array<char, 16384> buffer;
    auto const got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
        input_.append(buffer.data(), static_cast<std::size_t>(got));
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        return false;
    }
    close(false, got == 0 ? "it closed its control channel" : std::string{"control channel: "} + std::strerror(errno));
    return false;
}

void Qmp::on_readable() {
    if (!read_some()) {
        return;
    }
    take_lines();
    auto const now = loop_.now();
    if (now - window_ >= window_length) {
        window_ = now;
        window_lines_ = 0;
    }
    if (socket_ && window_lines_ > lines_per_window) {
        pause_ = loop_.after(window_length, [this] {
            reader_ = loop_.watch(socket_.get(), Readiness::readable, [this] { on_readable(); });
        });
        reader_.reset();
    }
}

void Qmp::drain() {
    // Bounded: the peer is gone, and a socket's buffer is not endless, but nobody should have to know that.
    for (int round = 0; round < 64 && socket_ && read_some(); ++round) {
        take_lines();
    }
}

void Qmp::take_lines() {
    std::size_t begin = 0;
    for (;;) {
        auto const end = input_.find('\n', std::max(begin, scanned_));
        if (end == std::string::npos) {
            break;
        }
        auto line = std::string_view{input_}.substr(begin, end - begin);
        begin = end + 1;
        ++window_lines_;
        if (line.size() <= line_bound && line.find_first_not_of(" \t\r") != std::string_view::npos) {
            take(parse_qmp(line));
        }
        if (!socket_) {
            return;  // closed by what was in the line; input_ is gone
        }
    }
    input_.erase(0, begin);
    scanned_ = input_.size();
    if (input_.size() > line_bound) {
        close(true, "it sent a line of more than " + std::to_string(line_bound) + " bytes on its control channel");
    }
}

void Qmp::take(QmpMessage const& message) {
    using Kind = QmpMessage::Kind;
    if (message.kind == Kind::garbage || (!greeted_ && message.kind != Kind::greeting)) {
        close(true, "it does not speak QMP on its control channel" + (message.text.empty() ? "" : ": " + message.text));
        return;
    }
    switch (message.kind) {
        case Kind::greeting:
            if (!greeted_) {
                greeted_ = true;
                send("qmp_capabilities", {}, capabilities_id, nullptr);
            }
            break;
        case Kind::reply:
        case Kind::error:
            if (!ready_ && message.id == capabilities_id) {
                if (message.kind == Kind::error) {
                    close(true, "it refused the control channel: " + message.text);
                    return;
                }
                ready_ = true;
                listener_.on_qmp_ready();
            } else if (auto found = pending_.extract(message.id)) {
                found.mapped()(message);
            }
            break;
        case Kind::event:
            listener_.on_qmp_event(message);
            break;
        case Kind::other:
        case Kind::garbage:
            break;
    }
}

void Qmp::close(bool misbehaved, std::string const& why) {
    reader_.reset();
    writer_.reset();
    pause_.reset();
    socket_.reset();
    input_.clear();
    scanned_ = 0;
    output_.clear();
    queued_ = 0;
    QmpMessage failed;
    failed.kind = QmpMessage::Kind::error;
    failed.text = why;
    for (auto const& [id, reply] : std::exchange(pending_, {})) {
        reply(failed);
    }
    listener_.on_qmp_closed(misbehaved, why);
}

}  // namespace apiary::hypervisor
