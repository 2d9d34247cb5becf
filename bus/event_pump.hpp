// Carries events from the journal to one reader behind a socket, as fast as he takes them.
//
// Nothing is queued for him: his place in the journal is his queue. What is kept in memory is one chunk that the socket
// does not take yet, however slow he is. If the journal drops its oldest events before he has read them, he is told,
// and that is the end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/reading_line.hpp"
#include "vm/event.hpp"
#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

// What the reader gets to see. Each member appends to `out`; nothing is fine too.
class EventForm {
public:
    virtual ~EventForm() = default;
    virtual void event(Event const& event, std::string& out) const = 0;
    // All that he wants up to here is told.
    virtual void through(std::uint64_t seq, std::string& out) const = 0;
    // The events after the last one are gone; the last words.
    virtual void truncated(std::uint64_t oldest, std::string& out) const = 0;
};

struct PumpSettings {
    std::uint64_t after = 0;
    std::function<bool(Event const&)> wanted;
    std::string greeting;          // sent before all else
    bool packets = false;          // a socket of packets: each event is one
    bool tells_position = true;    // whether through() says anything
    bool may_speak = false;        // what he says is dropped, and he may close that direction; else both are his end
    Duration patience{};           // he may take nothing for so long; 0: for ever
    Duration position_interval{};  // what he does not want is told as a position, so much later at most
};

class EventPump {
public:
    enum class End { closed, truncated, stalled };

    // `line`: of all who read this journal. `published`: events up to there may be told; it is looked at again at each
    // wake(). `ended` is called once, and may destroy this.
    EventPump(Loop& loop, ReadingLine& line, Journal const& journal, std::uint64_t const& published, UniqueFd socket,
              std::unique_ptr<EventForm> form, PumpSettings settings, std::function<void(End)> ended);
    EventPump(EventPump const&) = delete;
    auto operator=(EventPump const&) -> EventPump& = delete;
    ~EventPump() = default;

    // There may be more to tell.
    void wake();
    // Tells what the socket takes right now, without waiting for a turn: before a planned end.
    void tell_what_is_taken();
    // Of one who has closed his direction nothing is heard any more until something is sent: whether he is gone.
    void end_if_gone();

private:
    enum class Reads { nearby, anything };
    void run(int rounds, Reads reads);
    [[nodiscard]] auto is_far_behind() const -> bool;
    [[nodiscard]] auto hung_up() const -> bool;
    void listen();
    [[nodiscard]] auto flush() -> bool;
    void wait_for_room();
    [[nodiscard]] auto refill() -> bool;
    void fill_from(Journal::Page const& page, std::uint64_t limit);
    [[nodiscard]] auto position_is_due() -> bool;
    void add(std::string text);
    void end(End how);

    Loop& loop_;
    ReadingLine& line_;
    Journal const& journal_;
    std::uint64_t const& published_;
    UniqueFd socket_;
    std::unique_ptr<EventForm> form_;
    PumpSettings settings_;
    std::function<void(End)> ended_;
    std::uint64_t after_;     // looked at up to here
    std::uint64_t told_ = 0;  // he knows of that up to here
    bool caught_up_once_ = false, last_words_ = false, scheduled_ = false, last_try_ = false, over_ = false;
    std::vector<std::string> chunk_;  // each is written by itself
    std::size_t chunk_bytes_ = 0, next_ = 0, offset_ = 0;
    Handle readable_, writable_, patience_, position_, retry_;
    std::shared_ptr<EventPump*> self_;  // dies with this: what was posted looks here first
};

}  // namespace apiary::bus
