#include "plugin/plugin_events.hpp"

#include <algorithm>
#include <utility>

#include "plugin/vm_json.hpp"

namespace apiary::plugin {
namespace {

auto event_to_json(Event const& event) -> Json {
    Json fields = Json::object();
    for (auto const& [name, text] : event.details) {
        fields[name] = text;
    }
    if (!event.vm.empty()) {
        fields["state"] = to_string(event.state);
        fields["sub-state"] = to_string(event.sub_state);
        if (event.type == EventType::state) {
            fields["old-state"] = to_string(event.old_state);
            fields["old-sub-state"] = to_string(event.old_sub_state);
        }
        fields["reason"] = to_string(event.reason);
    }
    return {{"seq", event.seq}, {"type", to_string(event.type)}, {"fields", std::move(fields)}};
}

}  // namespace

void PluginEvents::on_turn(Turn const& turn) {
    if (turn.events.empty()) {
        return;
    }
    each_([&](Plugin& plugin) {
        auto const& wanted = plugin.declaration()->events;
        for (auto const& event : turn.events) {
            if (std::ranges::find(wanted, to_string(event.type)) == wanted.end()) {
                continue;
            }
            auto vm = event.vm.empty() ? nullptr : find_(event.vm);
            for (auto const& change : turn.vms) {
                if (!vm && change.removed && change.vm->name() == event.vm) {
                    vm = change.vm;  // its last event
                }
            }
            bool const concerned =
                event.vm.empty() || !plugin.declaration()->own_events ||
                (vm && vm->definition() && vm->definition()->plugin_settings.contains(plugin.name()));
            if (concerned) {
                tell(plugin, event, vm.get());
            }
        }
    });
}

void PluginEvents::tell(Plugin& plugin, Event const& event, Vm const* vm) {
    plugin.call(call_of(plugin, event, vm, event_to_json(event)), [](Answer const&) {});
}

auto PluginEvents::call_of(Plugin& plugin, Event const& event, Vm const* vm, Json told) const -> Call {
    auto const& declared = *plugin.declaration();
    Json frame{
        {"t", "call"}, {"what", "event"}, {"timeout", declared.event_timeout.count()}, {"event", std::move(told)}};
    if (!event.vm.empty()) {
        VmFacts facts{.name = event.vm,
                      .id = vm != nullptr ? vm->id() : 0,
                      .incarnation = event.incarnation,
                      .run_folder = {},
                      .settings = {}};
        frame["vm"] = vm_frame(std::move(facts));
    }
    bool const defined = vm != nullptr && vm->definition();
    return {.frame = std::move(frame),
            .settings = event.vm.empty() ? nullptr : plugin.settings_of(vm != nullptr ? vm->definition() : nullptr),
            .timeout = declared.event_timeout,
            .vm = event.vm,
            .log = plugin.log_of_vm(event.vm),
            .log_path = defined ? log_path_(*vm->definition()) : std::string{},
            .is_event = true};
}

auto PluginEvents::state_now(Plugin& plugin, std::string const& name) const -> Call {
    auto const vm = find_(name);
    Event event;
    event.type = EventType::state;
    event.vm = name;
    if (vm) {
        auto const& status = vm->status();
        event.state = status.state;
        event.sub_state = status.sub_state;
        event.reason = status.reason;
        event.incarnation = status.incarnation;
    }
    auto told = event_to_json(event);
    auto& fields = told["fields"];
    fields.erase("old-state");
    fields.erase("old-sub-state");
    fields["replay"] = "yes";
    return call_of(plugin, event, vm.get(), std::move(told));
}

}  // namespace apiary::plugin
