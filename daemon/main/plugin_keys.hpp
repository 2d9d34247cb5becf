// Plugins and the configuration: the keys that they add, the settings that they are told, and their word on a VM.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "main/options.hpp"
#include "plugin/scan.hpp"
#include "vm/definition.hpp"

namespace apiary {

[[nodiscard]] auto key_specs(std::vector<plugin::FoundPlugin> const& plugins) -> std::vector<config::KeySpec>;

// Whose a key of the daemon's own table is: a plugin's name, or empty for the daemon itself. None: there is no such
// key.
[[nodiscard]] auto owner_of_key(std::string_view key) -> std::optional<std::string>;

// All that is set for a VM, with the secrets of this plugin alone.
[[nodiscard]] auto settings_for(Definition const& definition, std::string const& plugin) -> plugin::Settings;

// Where this daemon has its plugins.
[[nodiscard]] auto plugin_folders(Options const& options) -> std::vector<std::string>;
// What to look for; nothing of the state is touched.
[[nodiscard]] auto plugin_request(Options const& options) -> plugin::ScanRequest;

// For who checks a configuration: a warning for each VM and plugin that its start would be refused for.
void warn_of_missing(config::LoadResult& result, std::vector<plugin::FoundPlugin> const& plugins);

// The configure() of plugins, for one reading of the configuration. One thread.
class PluginChecks {
public:
    PluginChecks(std::vector<plugin::FoundPlugin> const& plugins, std::string const& host_program);
    ~PluginChecks();
    PluginChecks(PluginChecks const&) = delete;
    auto operator=(PluginChecks const&) -> PluginChecks& = delete;

    [[nodiscard]] auto empty() const -> bool { return checkers_.empty(); }
    // What the backend has against a definition, and then what plugins have. Used while this lives.
    [[nodiscard]] auto after(config::LoadOptions::Faults of_backend) -> config::LoadOptions::Faults;
    void add_warnings(std::vector<config::Diagnostic>& diagnostics);

private:
    struct Entry;
    void ask(Entry& entry, Definition const& definition, std::vector<Hypervisor::Fault>& faults);
    std::vector<std::unique_ptr<Entry>> checkers_;
    std::vector<config::Diagnostic> warnings_;
};

}  // namespace apiary
