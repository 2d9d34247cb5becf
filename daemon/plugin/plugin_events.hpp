// What happens to VMs, told to the plugins that want to hear of it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "plugin/plugin.hpp"
#include "vm/engine.hpp"

namespace apiary::plugin {

class PluginEvents : public Observer {
public:
    using Each = std::function<void(std::function<void(Plugin&)> const&)>;  // plugin that is there
    using Find = std::function<VmPtr(std::string_view)>;
    using LogPath = std::function<std::string(Definition const&)>;  // as PluginWorld has it
    PluginEvents(Each each, Find find, LogPath log_path)
        : each_{std::move(each)}, find_{std::move(find)}, log_path_{std::move(log_path)} {}

    void on_turn(Turn const& turn) override;
    // Tells what a VM is now, whatever has become of it.
    [[nodiscard]] auto state_now(Plugin& plugin, std::string const& vm) const -> Call;

private:
    auto call_of(Plugin& plugin, Event const& event, Vm const* vm, Json told) const -> Call;
    void tell(Plugin& plugin, Event const& event, Vm const* vm);

    Each each_;
    Find find_;
    LogPath log_path_;
};

}  // namespace apiary::plugin
