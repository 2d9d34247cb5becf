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
    PluginEvents(Each each, Find find) : each_{std::move(each)}, find_{std::move(find)} {}

    void on_turn(Turn const& turn) override;
    // Tells what a VM is now, whatever has become of it.
    [[nodiscard]] auto state_now(Plugin& plugin, std::string const& vm) const -> Call;

private:
    static auto call_of(Plugin& plugin, Event const& event, Vm const* vm, Json told) -> Call;
    static void tell(Plugin& plugin, Event const& event, Vm const* vm);

    Each each_;
    Find find_;
};

}  // namespace apiary::plugin
