// What to show of a journal that is followed: every event once and in order, whatever signals tell and in which order.
//
// The journal alone is shown: it has every event exactly once and in order, while signals can be lost and come ordered
// by VM. A signal only says that there is something to read. The exception are events that could not be written
// (`durable` is false): where the journal does not have them, they are shown from their signals.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "ctl/model.hpp"

namespace apiary::ctl {

class EventFeed {
public:
    explicit EventFeed(EventFilter filter) : filter_{std::move(filter)} {}

    // Everything up to this number is known, or is not wanted. Forgets what signals told before.
    void start_after(std::uint64_t seq);
    [[nodiscard]] auto after() const -> std::uint64_t { return after_; }

    void signalled(Event event);
    // True while the journal must have more than was read, from what signals have told.
    [[nodiscard]] auto behind() const -> bool { return after_ < newest_; }
    [[nodiscard]] auto newest() const -> std::uint64_t { return newest_; }

    // A page was read with the number after(): what to show of it.
    [[nodiscard]] auto read(JournalPage page) -> std::vector<Event>;
    // All pages are read: what to show that only signals have told.
    [[nodiscard]] auto rest() -> std::vector<Event>;

private:
    [[nodiscard]] auto wanted(Event const& event) const -> bool;

    EventFilter filter_;
    std::uint64_t after_ = 0;
    std::uint64_t newest_ = 0;
    std::map<std::uint64_t, Event> unwritten_;  // told by signals, not durable, not read so far
    std::set<std::uint64_t> shown_;             // of those: numbers that are not to be shown again
};

}  // namespace apiary::ctl
