// Tells the bus what becomes of plugins.
#include "bus/plugin_publisher.hpp"

#include <exception>
#include <utility>

#include "bus/object_signals.hpp"
#include "bus/paths.hpp"
#include "bus/properties.hpp"

namespace apiary::bus {

// Who listens from here on has read, or will read, what there is now.
PluginPublisher::PluginPublisher(Connection& connection, Plugins& plugins, Lookup const& lookup,
                                 Subscribers& subscribers)
    : connection_{connection}, plugins_{plugins}, lookup_{lookup}, subscribers_{subscribers} {
    for (auto& status : plugins_.list()) {
        auto name = status.name;
        published_.emplace(std::move(name), std::move(status));
    }
    listening_ = plugins_.listen([this](std::string const& name, Plugins::Change) { look(name); });
}

// What it is told of may be over by now, or be known from the beginning: what counts is the difference.
void PluginPublisher::look(std::string const& name) {
    auto const path = plugin_path(name);
    auto const now = plugins_.find(name);
    auto const before = published_.find(name);
    if (!now) {
        if (before != published_.end()) {
            published_.erase(before);
            tell(interfaces_removed(path, plugin_interface));
        }
        return;
    }
    if (before == published_.end()) {
        published_.emplace(name, *now);
        tell(interfaces_added(path, plugin_interface, all_properties(plugin_properties(), *now)));
        return;
    }
    auto changed = changed_properties(plugin_properties(), before->second, *now);
    before->second = *now;
    if (!changed.empty()) {
        tell(properties_changed(path, plugin_interface, std::move(changed)));
    }
}

void PluginPublisher::tell(Signal const& signal) {
    if (sd_bus_is_open(connection_.raw()) <= 0) {
        return;
    }
    try {
        subscribers_.unicast(
            signal, [&](Subscription const& to) { return lookup_.sees_plugins(*to.caller) && to.filter.wants_vm({}); });
    } catch (std::exception const& error) {
        subscribers_.log(std::string{"A signal could not be sent: "} + error.what());
    }
    connection_.touch();
}

}  // namespace apiary::bus
