// The control channel of one QEMU process. Never blocks, holds little, and trusts nothing that the other side says: a
// peer that is silent, talks nonsense or floods harms its own VM only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "hypervisor/qmp_message.hpp"
#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::hypervisor {

class Qmp {
public:
    // All of it is called on the loop; none of it may destroy the Qmp.
    class Listener {
    public:
        virtual void on_qmp_ready() = 0;  // greeted, capabilities agreed
        virtual void on_qmp_event(QmpMessage const& event) = 0;
        // Once; pending requests have failed by then. `misbehaved`: the peer is at fault, not gone.
        virtual void on_qmp_closed(bool misbehaved, std::string const& why) = 0;

    protected:
        ~Listener() = default;
    };
    using Reply = std::function<void(QmpMessage const&)>;  // kind reply, or error with a text

    // `socket`: connected (or about to be accepted), non-blocking.
    Qmp(Loop& loop, UniqueFd socket, Listener& listener);
    ~Qmp();
    Qmp(Qmp const&) = delete;
    auto operator=(Qmp const&) -> Qmp& = delete;

    [[nodiscard]] auto ready() const -> bool { return ready_ && socket_; }
    [[nodiscard]] auto closed() const -> bool { return !socket_; }

    // `arguments` is JSON (an object) or empty. `reply` comes on a later turn, or never, where the peer is silent.
    void execute(std::string_view command, std::string_view arguments, Reply reply,
                 std::shared_ptr<UniqueFd> passed = nullptr);

    // Takes in what has arrived already: before the exit of the process is judged.
    void drain();

private:
    struct Chunk {
        std::string bytes;
        std::size_t sent = 0;
        std::shared_ptr<UniqueFd> passed;  // goes with the first byte
    };
    auto read_some() -> bool;
    void on_readable();
    void take_lines();
    void take(QmpMessage const& message);
    void send(std::string_view command, std::string_view arguments, std::uint64_t id, std::shared_ptr<UniqueFd> passed);
    void flush();
    void close(bool misbehaved, std::string const& why);
    void fail_later(Reply reply, std::string text);

    Loop& loop_;
    UniqueFd socket_;
    Listener& listener_;
    bool greeted_ = false, ready_ = false;
    std::string input_;
    std::size_t scanned_ = 0;  // of input_: has no line end
    std::deque<Chunk> output_;
    std::size_t queued_ = 0;  // bytes in output_
    std::uint64_t next_id_ = 1;
    std::map<std::uint64_t, Reply> pending_;
    MonoTime window_;
    unsigned window_lines_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    // Last: they end before what their callbacks use.
    Handle reader_, writer_, pause_;
};

}  // namespace apiary::hypervisor
