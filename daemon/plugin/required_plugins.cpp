#include "plugin/required_plugins.hpp"

#include <utility>

namespace apiary::plugin {
namespace {

class RequiredPlugins : public Step {
public:
    RequiredPlugins(Loop& loop, std::set<std::string> loaded) : loop_{loop}, loaded_{std::move(loaded)} {}
    [[nodiscard]] auto name() const -> std::string_view override { return "plugins"; }
    [[nodiscard]] auto applies_to(Definition const& definition) const -> bool override {
        return !required_plugins(definition).empty();
    }
    void prestart(StepCall call, Done done) override {
        StepResult result;
        for (auto const& plugin : required_plugins(*call.definition)) {
            if (!loaded_.contains(plugin)) {
                result.kind = StepResult::Kind::veto;
                result.reason = Reason::plugin_unavailable;
                result.text = "VM " + call.definition->name + " needs the plugin " + plugin +
                              ", which is not there: install it, or remove what needs it from the definition" +
                              (plugin == "network" ? " (network = user needs no plugin)" : "");
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
    std::set<std::string> loaded_;
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

auto make_required_plugins_step(Loop& loop, std::set<std::string> loaded) -> std::unique_ptr<Step> {
    return std::make_unique<RequiredPlugins>(loop, std::move(loaded));
}

}  // namespace apiary::plugin
