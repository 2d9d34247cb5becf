#include "surviving_store.hpp"

#include <utility>

#include "store/record_codec.hpp"

namespace apiary::test {

void SurvivingStore::die() {
    pending_.clear();
    now_ = kept_;
}

void SurvivingStore::append(Event& event) {
    event.seq = last() + 1;
    if (event.type == EventType::job_new) {
        event.job = event.seq;
    }
    pending_.push_back(event);
}

auto SurvivingStore::commit() -> bool {
    if (at_commit) {
        at_commit("commit");
    }
    if (!works) {
        return false;  // what was to be written waits
    }
    for (auto& event : std::exchange(pending_, {})) {
        events_.push_back(std::move(event));
    }
    kept_ = now_;
    if (at_commit) {
        at_commit("committed");
    }
    return true;
}

auto SurvivingStore::last_of(std::string_view vm) const -> std::uint64_t {
    std::uint64_t last = 0;
    for (auto const& event : events_) {
        last = event.vm == vm ? event.vm_seq : last;
    }
    return last;
}

auto SurvivingStore::read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
    -> Page {
    Page page;
    page.oldest = events_.empty() ? 0 : 1;
    page.complete_through = after;
    for (auto i = static_cast<std::size_t>(after); i < events_.size() && page.events.size() < max; ++i) {
        page.complete_through = events_[i].seq;
        if (wanted(events_[i])) {
            page.events.push_back(&events_[i]);
        }
    }
    return page;
}

void SurvivingStore::keep(VmRecord record) {
    auto& kept = now_.vms[record.name];
    kept.bytes = store::encode(record);
    kept.definition = record.definition;
}

auto SurvivingStore::record_of(std::string const& name) const -> std::optional<VmRecord> {
    auto const at = kept_.vms.find(name);
    return at == kept_.vms.end() ? std::nullopt : store::decode_vm(at->second.bytes);
}

auto SurvivingStore::recover() -> Recovered {
    Recovered recovered;
    for (auto const& [name, kept] : kept_.vms) {
        recovered.vms.push_back(store::decode_vm(kept.bytes).value());
        recovered.vms.back().definition = kept.definition;
    }
    for (auto const& [id, job] : kept_.jobs) {
        recovered.jobs.push_back(store::decode_job(store::encode(job)).value());
    }
    recovered.same_boot = std::exchange(same_boot, true);
    recovered.ended = kept_.ended;
    now_.ended = false;
    return recovered;
}

}  // namespace apiary::test
