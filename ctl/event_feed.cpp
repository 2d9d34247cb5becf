// What to show of a journal that is followed.
#include "ctl/event_feed.hpp"

#include <algorithm>

#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

constexpr std::size_t most_remembered = 1024;  // of each: a store that cannot be written may stay so for long

}  // namespace

void EventFeed::start_after(std::uint64_t seq) {
    after_ = seq;
    newest_ = seq;
    unwritten_.clear();
    shown_.clear();
}

auto EventFeed::wanted(Event const& event) const -> bool {
    auto const same_name = [&](std::string const& name) { return lower(name) == lower(event.vm); };
    return (filter_.vms.empty() || std::ranges::any_of(filter_.vms, same_name)) &&
           (filter_.types.empty() || std::ranges::find(filter_.types, event.type) != filter_.types.end());
}

void EventFeed::signalled(Event event) {
    newest_ = std::max(newest_, event.seq);
    bool const written = flag_of(event.details, "durable", true);
    if (!written && wanted(event) && event.seq > after_ && unwritten_.size() < most_remembered) {
        auto const seq = event.seq;
        unwritten_.emplace(seq, std::move(event));
    }
}

auto EventFeed::read(JournalPage page) -> std::vector<Event> {
    std::vector<Event> show;
    for (auto& event : page.events) {
        bool const again = event.seq <= after_ || shown_.contains(event.seq);
        unwritten_.erase(event.seq);
        if (!again) {
            show.push_back(std::move(event));
        }
    }
    after_ = std::max(after_, page.complete_through);
    return show;
}

auto EventFeed::rest() -> std::vector<Event> {
    std::vector<Event> show;
    for (auto& [seq, event] : unwritten_) {
        show.push_back(std::move(event));
        shown_.insert(seq);
    }
    unwritten_.clear();
    while (shown_.size() > most_remembered) {
        shown_.erase(shown_.begin());
    }
    newest_ = after_;  // what the journal does not have now, it will not have: do not ask for it again and again
    return show;
}

}  // namespace apiary::ctl
