// Bytes and descriptors of a channel <-> frames (protocol.hpp). Both sides of it use this; when to read and to write is
// theirs.
//
// Nothing here trusts the other side: a frame is bounded in its bytes, depth, values and descriptors before it is
// parsed, and what is malformed is a fault of the whole channel.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary::plugin {

using Json = nlohmann::json;

struct Frame {
    Json body;                          // an object with a text "t"
    std::vector<UniqueFd> descriptors;  // those that came with it
};

// Of one channel, in one direction.
class FrameReader {
public:
    // What one recvmsg(2) gave. After a fault it is thrown away, but for the descriptors: release().
    void take(std::string_view bytes, std::vector<UniqueFd> descriptors = {});
    // The next frame that is complete; nothing: there is none, or a fault.
    [[nodiscard]] auto next() -> std::optional<Frame>;
    // Why the channel cannot be used any more, for people; empty: it can. Known at the latest when next() gives
    // nothing.
    [[nodiscard]] auto fault() const -> std::string const& { return fault_; }
    // Its end now is in the middle of a frame.
    [[nodiscard]] auto in_the_middle() const -> bool { return bytes_.size() > begin_ || !descriptors_.empty(); }
    void blame(std::string why);  // a fault that was seen elsewhere
    // Those that belong to no frame yet, and after a fault to none: to be closed where that may block.
    [[nodiscard]] auto release() -> std::vector<UniqueFd>;

private:
    auto parse(std::string_view text) -> std::optional<Frame>;
    void forget_taken();

    std::string bytes_;
    std::size_t begin_ = 0;  // of what is not taken yet
    std::deque<UniqueFd> descriptors_;
    std::string fault_;
};

// `again`: a part of it may be sent; the rest when the channel takes more. With `wait` it is never given.
enum class Sent { all, again, gone };

// A frame on its way: what send_some() has not sent yet.
class OutgoingFrame {
public:
    // Text that is no UTF-8 is made so. Longer than max_frame, or with more than max_descriptors: it is not valid().
    explicit OutgoingFrame(Json body, std::vector<UniqueFd> descriptors = {});
    // The same with a part that is text already: it takes the place of the one member `name` that is null, wherever in
    // `body` that is. What is told again and again need not be made each time.
    OutgoingFrame(Json const& body, std::string_view name, std::string_view json);

    [[nodiscard]] auto valid() const -> bool { return !bytes_.empty(); }
    [[nodiscard]] auto done() const -> bool { return sent_ == bytes_.size(); }
    [[nodiscard]] auto size() const -> std::size_t { return bytes_.size(); }

private:
    void take(std::string_view text);
    friend auto send_some(int channel, OutgoingFrame& frame, bool wait) -> Sent;
    std::string bytes_;
    std::size_t sent_ = 0;
    std::vector<UniqueFd> descriptors_;  // closed when they are sent
};

[[nodiscard]] auto send_some(int channel, OutgoingFrame& frame, bool wait) -> Sent;

// `some`: the reader got more, or has found a fault. `again` is never given with `wait`.
enum class Received { some, again, end };
[[nodiscard]] auto receive_some(int channel, FrameReader& reader, bool wait) -> Received;

// Blocks for the next frame; nothing: the end, or reader.fault().
[[nodiscard]] auto receive_frame(int channel, FrameReader& reader) -> std::optional<Frame>;

}  // namespace apiary::plugin
