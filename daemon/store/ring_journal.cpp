#include "store/ring_journal.hpp"

#include <random>

namespace apiary::store {
namespace {

// One answer looks at no more than this many events per wanted one: a filter that fits nothing must not hold the loop.
constexpr std::size_t looked_at_per_call = 20'000;

}  // namespace

void RingJournal::append(Event& event) {
    event.seq = ++last_;
    if (event.type == EventType::job_new) {
        event.job = event.seq;
    }
    events_.push_back(event);
    if (events_.size() > capacity_) {
        events_.pop_front();
    }
}

auto RingJournal::read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
    -> Page {
    Page page;
    page.oldest = events_.empty() ? 0 : events_.front().seq;
    if (after > last_ || after + events_.size() < last_) {
        page.truncated = after < last_;
        page.complete_through = last_;
        return page;
    }
    page.complete_through = after;
    std::size_t looked_at = 0;
    auto const first = events_.empty() ? 0 : static_cast<std::size_t>(after + 1 - page.oldest);
    for (auto i = first; i < events_.size() && page.events.size() < max && looked_at < looked_at_per_call;
         ++i, ++looked_at) {
        page.complete_through = events_[i].seq;
        if (wanted(events_[i])) {
            page.events.push_back(&events_[i]);
        }
    }
    return page;
}

auto make_stream_id() -> std::string {
    static constexpr char digits[] = "0123456789abcdef";
    std::random_device device;
    std::string id;
    while (id.size() < 32) {
        auto const bits = device();
        for (unsigned shift = 0; shift < 32; shift += 4) {
            id += digits[(bits >> shift) & 15U];
        }
    }
    return id;
}

}  // namespace apiary::store
