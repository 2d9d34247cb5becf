// What a reader of the journal asks for.
#include "bus/journal_query.hpp"

#include "bus/errors.hpp"
#include "bus/value.hpp"

namespace apiary::bus {

auto JournalQuery::wants(Event const& event) const -> bool {
    return to_micros(event.wall) >= since && names.wants_vm(event.vm) && names.wants_type(to_string(event.type));
}

auto journal_query(Options options) -> JournalQuery {
    JournalQuery query;
    query.names = SignalFilter{options.texts("vm").value_or(Texts{}), options.texts("type").value_or(Texts{})};
    query.since = options.number("since").value_or(0);
    query.from_oldest = options.flag("from-oldest").value_or(false);
    options.finish();
    return query;
}

auto oldest_of(Journal const& journal) -> std::uint64_t {
    return journal.read(0, 1, [](Event const&) { return true; }).oldest;
}

auto journal_position(Journal const& journal, std::uint64_t published, std::string const& stream, std::uint64_t after,
                      bool from_oldest) -> std::uint64_t {
    bool const other = !stream.empty() && stream != journal.stream();
    // A number that was never given away is of a journal that has lost its end: what has it now is something else.
    bool const never_was = after > published;
    auto const oldest = oldest_of(journal);
    bool const gone = oldest > 0 && after + 1 < oldest;
    if (!other && !never_was && !gone) {
        return after;
    }
    if (from_oldest) {
        return oldest > 0 ? oldest - 1 : 0;
    }
    throw Fault{Error::journal_truncated,
                std::string{other       ? "The journal has begun anew"
                            : never_was ? "The journal has no event of this number yet"
                                        : "The events after that are gone"} +
                    ": list the VMs anew and follow from there, or read with 'from-oldest'. oldest=" +
                    std::to_string(oldest) + " stream=" + journal.stream()};
}

}  // namespace apiary::bus
