// What a plugin that keeps a picture of the VMs is told anew (APIARY_PLUGIN_REPLAY).
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

// What a VM is now comes after all that has happened to it, and so does what is told of it: at the end of its lane.
// Made only when nothing else can be sent: however many VMs there are, for most of them nothing is queued.
void Plugin::replay_next() {
    while (waiting_.empty() && !to_replay_.empty()) {
        auto const name = std::move(to_replay_.extract(to_replay_.begin()).value());
        auto const [lane, first] = lanes_.try_emplace(name);
        (first ? waiting_ : lane->second).push_back({++last_id_, world_.state_now(*this, name), [](Answer const&) {}});
        ++events_waiting_;
    }
}

void Plugin::lost_event_of(std::string const& vm) {
    if (declaration_ && declaration_->replay && !vm.empty()) {
        to_replay_.insert(vm);
    }
}

}  // namespace apiary::plugin
