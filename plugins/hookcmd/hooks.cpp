#include "hooks.hpp"

namespace apiary::hookcmd {
namespace {

constexpr auto command = Hook::Kind::command;
constexpr auto script = Hook::Kind::script;

auto ran(StateChange const& change) -> bool {
    return change.old_state == "running" || change.old_state == "paused";
}

// vmstated's STOPPING: somebody wants it to end. A guest that powers off or crashes goes without it.
auto is_asked_to_stop(StateChange const& change) -> bool {
    bool const asked = change.reason == "requested" || change.reason == "host-shutdown";
    return change.state == "stopping" && ran(change) &&
           (change.sub_state == "acpi" || (change.sub_state == "killing" && asked));
}

auto came_up(StateChange const& change, Life const& life) -> bool {
    return change.state == "running" && change.sub_state.empty() &&
           (change.old_state == "starting" || change.old_sub_state == "rebooting" || life.rebooting);
}

// A start that was called off while it waited for its turn began nothing.
auto came_to_its_end(StateChange const& change) -> bool {
    return (change.state == "stopped" || change.state == "failed") &&
           (change.old_state == "stopping" || (change.old_state == "starting" && change.old_sub_state == "prestart"));
}

}  // namespace

auto hooks_of(StateChange const& change, Life& life) -> std::vector<Hook> {
    std::vector<Hook> hooks;
    if (change.state == "starting") {
        // What is seen from its launch on was begun before.
        life.known = life.known || change.sub_state == "prestart" || change.sub_state == "queued" ||
                     change.sub_state == "waiting";
        life.launched = life.launched || change.sub_state == "loading" || change.sub_state == "launching";
        if (change.sub_state == "loading") {
            hooks.push_back({command, "LOAD"});
        }
    } else if (came_up(change, life)) {
        if (life.rebooting || change.old_sub_state == "rebooting") {
            hooks.push_back({script, "restarted"});
        }
        life.rebooting = false;
        hooks.push_back({script, "running"});
        hooks.push_back({command, "RUN"});
    } else if (is_asked_to_stop(change)) {
        hooks.push_back({script, "stopping"});
    } else if (came_to_its_end(change)) {
        if (!life.known || life.entered) {
            hooks.push_back({script, "stopped"});
            if (change.state == "failed" || life.undo_fault) {
                hooks.push_back({script, "failed"});
            }
        }
        if (!life.known || life.launched) {
            hooks.push_back({command, "TERMINATE"});
        }
    }
    return hooks;
}

auto is_rest(StateChange const& change) -> bool {
    return change.state == "stopped" || change.state == "failed";
}

}  // namespace apiary::hookcmd
