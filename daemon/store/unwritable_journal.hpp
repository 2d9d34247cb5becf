// The journal of a daemon whose database cannot be opened: events are kept in memory and nothing is durable, so nothing
// new starts. What runs can be seen and stopped.
#pragma once

#include <string>
#include <utility>

#include "store/ring_journal.hpp"

namespace apiary::store {

class UnwritableJournal : public RingJournal {
public:
    UnwritableJournal(std::string fault, std::size_t capacity)
        : RingJournal{make_stream_id(), capacity}, fault_{std::move(fault)} {}

    auto commit() -> bool override { return false; }
    [[nodiscard]] auto fault() const -> std::string override { return fault_; }

private:
    std::string fault_;
};

}  // namespace apiary::store
