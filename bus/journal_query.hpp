// What a reader of the journal asks for.
#pragma once

#include <cstdint>
#include <string>

#include "bus/incoming.hpp"
#include "bus/subscriptions.hpp"
#include "vm/event.hpp"

namespace apiary::bus {

struct JournalQuery {
    SignalFilter names;
    std::uint64_t since = 0;   // microseconds since 1970
    bool from_oldest = false;  // where events are gone, begin with the oldest that is left

    [[nodiscard]] auto wants(Event const& event) const -> bool;
};

// From the `filter` of a call. Throws Fault for what it does not know.
[[nodiscard]] auto journal_query(Options options) -> JournalQuery;

// The number to read on from. Throws Fault (JournalTruncated) where what comes after `after` is not all there, or is of
// another stream. `published`: the newest event that was told.
[[nodiscard]] auto journal_position(Journal const& journal, std::uint64_t published, std::string const& stream,
                                    std::uint64_t after, bool from_oldest) -> std::uint64_t;

[[nodiscard]] auto oldest_of(Journal const& journal) -> std::uint64_t;  // 0: there is none

}  // namespace apiary::bus
