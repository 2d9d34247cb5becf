// Those who follow the journal over a descriptor (Journal.Open). They hang on no connection to a bus: a bus that goes
// away ends none of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "bus/callers.hpp"
#include "bus/event_pump.hpp"
#include "bus/journal_query.hpp"
#include "bus/seats.hpp"
#include "vm/engine.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

class JournalStreams {
public:
    static constexpr std::size_t max_of_user = 16;
    static constexpr std::size_t max_of_others = 84;  // of all but root: 100 in all

    JournalStreams(Loop& loop, Engine const& engine, Authority::Options rights);

    // What the caller may see of what he asks for, after this number. Throws Fault.
    [[nodiscard]] auto open(CallerPtr caller, JournalQuery query, std::uint64_t after) -> UniqueFd;

    void on_turn(Turn const& turn);
    // Tells what is taken right now, and ends all.
    void close();

    // The newest event that was told. What is gathered in a turn has numbers already, but is not written yet.
    [[nodiscard]] auto published() const -> std::uint64_t { return published_; }
    [[nodiscard]] auto open_now() const -> std::size_t { return pumps_.size(); }

private:
    void remove(std::uint64_t id);

    struct Reader {
        uid_t uid = 0;
        std::unique_ptr<EventPump> pump;
    };
    Loop& loop_;
    ReadingLine line_{loop_};
    Engine const& engine_;
    Authority authority_;
    std::uint64_t published_;
    Seats seats_{max_of_user, max_of_others};
    std::map<std::uint64_t, Reader> pumps_;
    std::uint64_t next_id_ = 0;
};

}  // namespace apiary::bus
