#include "plugin/frames.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include "plugin/protocol.hpp"

namespace apiary::plugin {
namespace {

constexpr std::size_t length_size = 4;
constexpr std::size_t chunk_size = std::size_t{64} * 1024;
constexpr char const* descriptor_count = "descriptors";

// Told apart before it is parsed: four megabytes of "[" would be a hundred of them as values.
auto within_bounds(std::string_view text) -> bool {
    std::size_t depth = 0;
    std::size_t values = 1;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (in_text) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_text = false;
            }
            continue;
        }
        if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            ++values;
            if (++depth > max_depth) {
                return false;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        } else if (c == ',') {
            ++values;
        }
    }
    return values <= max_values;
}

// Never with a bound that the kernel has not judged: MSG_CTRUNC says that there were more than fit.
union ControlBuffer {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int) * max_descriptors)> bytes;
};

auto descriptors_of(msghdr& message) -> std::vector<UniqueFd> {
    std::vector<UniqueFd> all;
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        std::size_t const count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
            all.emplace_back(fd);
        }
    }
    return all;
}

}  // namespace

void FrameReader::take(std::string_view bytes, std::vector<UniqueFd> descriptors) {
    std::move(descriptors.begin(), descriptors.end(), std::back_inserter(descriptors_));
    if (fault_.empty()) {
        bytes_.append(bytes);
    }
}

auto FrameReader::release() -> std::vector<UniqueFd> {
    std::vector<UniqueFd> all{std::make_move_iterator(descriptors_.begin()),
                              std::make_move_iterator(descriptors_.end())};
    descriptors_.clear();
    return all;
}

void FrameReader::blame(std::string why) {
    if (fault_.empty()) {
        fault_ = std::move(why);
        bytes_ = {};
        begin_ = 0;
    }
}

// Moved to the front only where that is more than what stays, so each byte is moved once.
void FrameReader::forget_taken() {
    if (begin_ == bytes_.size()) {
        bytes_.clear();
        begin_ = 0;
        if (bytes_.capacity() > 2 * chunk_size) {  // a large frame is rare
            bytes_.shrink_to_fit();
        }
    } else if (begin_ > bytes_.size() / 2) {
        bytes_.erase(0, begin_);
        begin_ = 0;
    }
}

auto FrameReader::next() -> std::optional<Frame> {
    std::string_view const left = std::string_view{bytes_}.substr(begin_);
    if (left.size() < length_size) {
        if (left.empty() && !descriptors_.empty()) {
            blame("descriptors came without a frame");
        } else if (descriptors_.size() > max_descriptors) {
            blame("more than " + std::to_string(max_descriptors) + " descriptors came at once");
        }
        return std::nullopt;
    }
    std::size_t size = 0;
    for (std::size_t i = 0; i < length_size; ++i) {
        size |= std::size_t{static_cast<unsigned char>(left[i])} << (8 * i);
    }
    if (size == 0 || size > max_frame) {
        blame("a frame says that it has " + std::to_string(size) + " bytes; 1 to " + std::to_string(max_frame) +
              " are allowed");
        return std::nullopt;
    }
    if (left.size() < length_size + size) {
        if (descriptors_.size() > max_descriptors) {
            blame("more than " + std::to_string(max_descriptors) + " descriptors came with one frame");
        }
        return std::nullopt;
    }
    auto frame = parse(left.substr(length_size, size));
    if (frame) {
        begin_ += length_size + size;
        forget_taken();
    }
    return frame;
}

auto FrameReader::parse(std::string_view text) -> std::optional<Frame> {
    if (!within_bounds(text)) {
        blame("a frame is nested too deep, or has too many values");
        return std::nullopt;
    }
    Frame frame{.body = Json::parse(text, nullptr, false), .descriptors = {}};
    if (!frame.body.is_object()) {
        blame("a frame is no JSON object");
        return std::nullopt;
    }
    auto const type = frame.body.find("t");
    if (type == frame.body.end() || !type->is_string()) {
        blame("a frame does not say what it is");
        return std::nullopt;
    }
    if (auto const count = frame.body.find(descriptor_count); count != frame.body.end()) {
        if (!count->is_number_unsigned() || count->get<std::uint64_t>() > max_descriptors ||
            count->get<std::uint64_t>() > descriptors_.size()) {
            blame("a frame has not the descriptors that it says");
            return std::nullopt;
        }
        auto const end = std::next(descriptors_.begin(), static_cast<std::ptrdiff_t>(count->get<std::uint64_t>()));
        std::move(descriptors_.begin(), end, std::back_inserter(frame.descriptors));
        descriptors_.erase(descriptors_.begin(), end);
        frame.body.erase(count);
    }
    return frame;
}

OutgoingFrame::OutgoingFrame(Json body, std::vector<UniqueFd> descriptors) : descriptors_{std::move(descriptors)} {
    if (descriptors_.size() > max_descriptors) {
        return;
    }
    if (!descriptors_.empty()) {
        body[descriptor_count] = descriptors_.size();
    }
    take(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Quotes within a text are escaped, so these characters are the member and nothing else.
OutgoingFrame::OutgoingFrame(Json const& body, std::string_view name, std::string_view json) {
    auto text = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    auto const member = '"' + std::string{name} + "\":";
    if (auto const at = text.find(member + "null"); at != std::string::npos) {
        text.replace(at + member.size(), 4, json);
    }
    take(text);
}

void OutgoingFrame::take(std::string_view text) {
    if (text.size() > max_frame || !within_bounds(text)) {
        return;
    }
    bytes_.reserve(length_size + text.size());
    for (std::size_t i = 0; i < length_size; ++i) {
        bytes_ += static_cast<char>((text.size() >> (8 * i)) & 0xff);
    }
    bytes_ += text;
}

auto send_some(int channel, OutgoingFrame& frame, bool wait) -> Sent {
    while (!frame.done()) {
        iovec part{.iov_base = frame.bytes_.data() + frame.sent_, .iov_len = frame.bytes_.size() - frame.sent_};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        ControlBuffer control{};
        if (frame.sent_ == 0 && !frame.descriptors_.empty()) {
            std::vector<int> numbers;
            numbers.reserve(frame.descriptors_.size());
            for (auto const& one : frame.descriptors_) {
                numbers.push_back(one.get());
            }
            std::size_t const size = numbers.size() * sizeof(int);
            message.msg_control = control.bytes.data();
            message.msg_controllen = CMSG_SPACE(size);
            cmsghdr* const header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(size);
            std::memcpy(CMSG_DATA(header), numbers.data(), size);
        }
        ssize_t const sent = ::sendmsg(channel, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
        if (sent < 0) {
            if (errno == EINTR) {
                continue;
            }
            bool const full = errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS;
            return full && !wait ? Sent::again : Sent::gone;
        }
        if (sent > 0) {
            frame.sent_ += static_cast<std::size_t>(sent);
            frame.descriptors_.clear();
        }
    }
    return Sent::all;
}

auto receive_some(int channel, FrameReader& reader, bool wait) -> Received {
    // Not on the stack of a thread that may be small, and not cleared each time.
    thread_local auto const chunk = std::make_unique_for_overwrite<char[]>(chunk_size);
    ControlBuffer control;
    for (;;) {
        iovec part{.iov_base = chunk.get(), .iov_len = chunk_size};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
        ssize_t const got = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return !wait && (errno == EAGAIN || errno == EWOULDBLOCK) ? Received::again : Received::end;
        }
        auto descriptors = descriptors_of(message);
        if (got == 0) {
            return Received::end;
        }
        if ((message.msg_flags & MSG_CTRUNC) != 0) {
            reader.blame("more descriptors came than there is room for");
        }
        reader.take({chunk.get(), static_cast<std::size_t>(got)}, std::move(descriptors));
        return Received::some;
    }
}

auto receive_frame(int channel, FrameReader& reader) -> std::optional<Frame> {
    for (;;) {
        if (auto frame = reader.next(); frame || !reader.fault().empty()) {
            return frame;
        }
        if (receive_some(channel, reader, true) == Received::end) {
            return std::nullopt;
        }
    }
}

}  // namespace apiary::plugin
