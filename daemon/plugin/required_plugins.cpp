#include "plugin/required_plugins.hpp"

#include <utility>

namespace apiary::plugin {
namespace {

class RequiredPlugins : public Step {
public:
    RequiredPlugins(Loop& loop, PluginFault fault) : loop_{loop}, fault_{std::move(fault)} {}
    [[nodiscard]] auto name() const -> std::string_view override { return "plugins"; }
    [[nodiscard]] auto applies_to(Definition const& definition) const -> bool override {
        return !required_plugins(definition).empty();
    }
    void prestart(StepCall call, Done done) override {
        StepResult result;
        for (auto const& plugin : required_plugins(*call.definition)) {
            if (auto const fault = fault_(plugin); !fault.empty()) {
                result.kind = StepResult::Kind::veto;
                result.reason = Reason::plugin_unavailable;
                result.text.append("VM ").append(call.definition->name).append(" needs the plugin ").append(plugin);
                result.text.append(", which ").append(fault);
                result.text += plugin == "network" ? " (network = user needs no plugin)" : "";
                break;
            }
        }
        loop_.post([done = std::move(done), result = std::move(result)] { done(result); });
    }
    void poststop(StepCall call, Done done) override {
        static_cast<void>(call);
        loop_.post([done = std::move(done)] { done({}); });
    }

private:
    Loop& loop_;
    PluginFault fault_;
};

}  // namespace

auto required_plugins(Definition const& definition) -> std::set<std::string> {
    std::set<std::string> names;
    for (auto const& [plugin, settings] : definition.plugin_settings) {
        names.insert(plugin);
    }
    for (auto const& nic : definition.nics) {
        if (nic.attach != Nic::Attach::user) {
            names.insert("network");
        }
    }
    return names;
}

auto make_required_plugins_step(Loop& loop, PluginFault fault) -> std::unique_ptr<Step> {
    return std::make_unique<RequiredPlugins>(loop, std::move(fault));
}

}  // namespace apiary::plugin
