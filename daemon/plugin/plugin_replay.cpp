// What a plugin that keeps a picture of the VMs is told anew (APIARY_PLUGIN_REPLAY).
#include <algorithm>
#include <utility>

#include "plugin/plugin.hpp"

namespace apiary::plugin {

void Plugin::replay_all() {
    to_replay_.clear();
    if (declaration_ && declaration_->replay && fault().empty() && world_.vms_up) {
        for (auto& name : world_.vms_up()) {
            to_replay_.insert(std::move(name));
        }
    }
}

// What a VM is now comes after all that has happened to it, and so does what is told of it: no call about it is under
// way or waits. Made only when it can be sent: however many VMs there are, nothing is queued for them.
void Plugin::replay_next() {
    auto const found =
        waiting_.empty() ? std::ranges::find_if(to_replay_, [this](auto const& name) { return !lanes_.contains(name); })
                         : to_replay_.end();
    if (found != to_replay_.end()) {
        auto const name = std::move(to_replay_.extract(found).value());
        lanes_.try_emplace(name);
        waiting_.push_back({++last_id_, world_.state_now(*this, name), [](Answer const&) {}});
        ++events_waiting_;
    }
}

void Plugin::lost_event_of(std::string const& vm) {
    if (declaration_ && declaration_->replay && !vm.empty()) {
        to_replay_.insert(vm);
    }
}

}  // namespace apiary::plugin
