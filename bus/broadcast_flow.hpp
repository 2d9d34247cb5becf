// Flow control of what is broadcast. The bus keeps each signal until its slowest listener has taken it, counts that
// against us, and beyond a limit (dbus-daemon: 127 MiB) reads nothing more from us, replies included. So it is asked
// how much it keeps, every so often, and long before that limit broadcasts are left out until there is room again.
// Knows no bus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace apiary::bus {

class BroadcastFlow {
public:
    static constexpr std::size_t ask_after = std::size_t{1024} * 1024;        // broadcast bytes between two questions
    static constexpr std::size_t most_kept = std::size_t{16} * 1024 * 1024;   // kept by the bus: no more broadcasts …
    static constexpr std::size_t enough_room = std::size_t{4} * 1024 * 1024;  // … until it keeps no more than this

    enum class Change { none, closed, opened };

    [[nodiscard]] auto open() const -> bool { return open_; }
    // What was broadcast just now. `closed`: the bus is that far behind with answering.
    [[nodiscard]] auto sent(std::size_t bytes) -> Change {
        unasked_ += bytes;
        return asking_ && unasked_ >= most_kept ? close() : Change::none;
    }
    void left_out(std::uint64_t count = 1) { left_out_ += count; }

    [[nodiscard]] auto should_ask() const -> bool { return answers_ && !asking_ && unasked_ >= ask_after; }
    [[nodiscard]] auto asking() const -> bool { return asking_; }
    void asked() {
        asking_ = true;
        unasked_ = 0;
    }
    // So much it keeps for us.
    [[nodiscard]] auto answered(std::uint64_t kept) -> Change {
        asking_ = false;
        if (kept >= most_kept) {
            return close();
        }
        return kept <= enough_room ? reopen() : Change::none;
    }
    // No answer in time: asked again when there is a reason to.
    void unanswered() { asking_ = false; }
    // It does not tell such things, and is not asked again: what is left is that it takes what we send.
    void never_answers() { asking_ = answers_ = false; }
    [[nodiscard]] auto answers() const -> bool { return answers_; }

    // It takes nothing from us right now.
    [[nodiscard]] auto close() -> Change { return std::exchange(open_, false) ? Change::closed : Change::none; }
    [[nodiscard]] auto reopen() -> Change { return std::exchange(open_, true) ? Change::none : Change::opened; }
    [[nodiscard]] auto take_left_out() -> std::uint64_t { return std::exchange(left_out_, 0); }

private:
    std::size_t unasked_ = 0;
    std::uint64_t left_out_ = 0;
    bool open_ = true, asking_ = false, answers_ = true;
};

}  // namespace apiary::bus
