#include "main/plugin_keys.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "config/describe.hpp"
#include "main/paths.hpp"
#include "plugin/required_plugins.hpp"

namespace apiary {
namespace {

constexpr std::size_t most_warnings = 200;

auto type_of(plugin::KeyType type) -> config::KeyType {
    switch (type) {
        case plugin::KeyType::text:
            return config::KeyType::text;
        case plugin::KeyType::boolean:
            return config::KeyType::boolean;
        case plugin::KeyType::integer:
            return config::KeyType::integer;
        case plugin::KeyType::word:
            return config::KeyType::word;
        case plugin::KeyType::path:
            return config::KeyType::path;
        case plugin::KeyType::executable:
            return config::KeyType::executable;
    }
    return config::KeyType::text;
}

auto spec_of(plugin::Key const& key, std::string const& plugin) -> config::KeySpec {
    config::KeySpec spec;
    spec.name = key.name;
    spec.type = type_of(key.type);
    spec.list = key.list;
    spec.fallback = key.fallback.value_or("");
    spec.doc = key.doc;
    spec.plugin = plugin;
    spec.secret = key.secret;
    spec.words = key.words;
    bool const any = key.least == 0 && key.most == 0;
    spec.least = any ? std::numeric_limits<std::int64_t>::min() : key.least;
    spec.most = any ? std::numeric_limits<std::int64_t>::max() : key.most;
    if (key.root_only || key.type == plugin::KeyType::executable) {
        spec.trust = config::TrustRule::root_only;
        spec.why = !key.why.empty() ? key.why : "the plugin " + plugin + " runs it with rights of its own";
    }
    return spec;
}

// The first value of the key, else the VM's section.
auto place_of(Definition const& vm, std::string const& key) -> Origin {
    for (Setting const& setting : vm.settings) {
        if (setting.key == key && !setting.origins.empty()) {
            return *setting.origins.begin();
        }
    }
    return vm.origin;
}

}  // namespace

auto key_specs(std::vector<plugin::FoundPlugin> const& plugins) -> std::vector<config::KeySpec> {
    std::vector<config::KeySpec> specs;
    for (auto const& one : plugins) {
        if (one.declaration && one.fault.empty()) {
            for (auto const& key : one.declaration->keys) {
                specs.push_back(spec_of(key, one.file.name));
            }
        }
    }
    return specs;
}

auto owner_of_key(std::string_view key) -> std::optional<std::string> {
    static config::KeyTable const own;
    auto const* const found = own.find(key);
    return found == nullptr ? std::nullopt : std::optional{found->plugin};
}

auto settings_for(Definition const& definition, std::string const& plugin) -> plugin::Settings {
    plugin::Settings settings;
    for (auto& one : config::describe(definition)) {
        if (one.secret || one.texts.empty()) {
            continue;
        }
        settings.emplace_back(std::move(one.key), std::move(one.texts));
    }
    if (auto const own = definition.plugin_settings.find(plugin); own != definition.plugin_settings.end()) {
        for (auto const& setting : own->second) {
            if (setting.secret) {
                settings.emplace_back(setting.key,
                                      std::vector<std::string>{setting.values.begin(), setting.values.end()});
            }
        }
    }
    return settings;
}

auto plugin_folders(Options const& options) -> std::vector<std::string> {
    return options.plugin_dirs.empty() ? std::vector{helper_path("plugins")} : options.plugin_dirs;
}

auto plugin_request(Options const& options) -> plugin::ScanRequest {
    return {.folders = plugin_folders(options),
            .user = options.trusted_uid.value_or(::geteuid()),
            .state_root = {},
            .key_owner = owner_of_key};
}

namespace {

// Why it cannot be used; empty: it can.
auto missing_because(std::string const& name, std::vector<plugin::FoundPlugin> const& plugins) -> std::string {
    for (auto const& one : plugins) {
        if (one.file.name == name) {
            return one.fault.empty() ? std::string{} : "cannot be used: " + one.fault;
        }
    }
    return "is not there";
}

auto needing_place(Definition const& vm, std::string const& plugin) -> std::pair<std::string, Origin> {
    auto const own = vm.plugin_settings.find(plugin);
    std::string const key = own != vm.plugin_settings.end() && !own->second.empty() ? own->second.front().key : plugin;
    for (Setting const& setting : vm.settings) {
        if (setting.key != "network" || key != "network") {
            continue;
        }
        for (std::size_t i = 0; i < vm.nics.size() && i < setting.origins.size(); ++i) {
            if (vm.nics[i].attach != Nic::Attach::user) {
                return {key, setting.origins[i]};
            }
        }
    }
    return {key, place_of(vm, key)};
}

}  // namespace

void warn_of_missing(config::LoadResult& result, std::vector<plugin::FoundPlugin> const& plugins) {
    std::size_t told = 0, more = 0;
    for (auto const& vm : result.definitions) {
        for (auto const& name : plugin::required_plugins(*vm)) {
            auto const why = missing_because(name, plugins);
            if (why.empty()) {
                continue;
            }
            if (told++ >= most_warnings) {
                ++more;
                continue;
            }
            auto message = "this needs the plugin " + name;
            message += ", which " + why + ": a start will be refused";
            if (name == "network") {
                message += " (network = user needs no plugin)";
            }
            auto const [key, place] = needing_place(*vm, name);
            result.diagnostics.push_back({.file = place.file(),
                                          .line = place.line,
                                          .column = place.column,
                                          .severity = config::Severity::warning,
                                          .vm = vm->name,
                                          .key = key,
                                          .message = std::move(message)});
        }
    }
    if (more > 0) {
        result.diagnostics.push_back(
            {.severity = config::Severity::warning,
             .message = "plugins are not there that " + std::to_string(more) + " more settings of VMs need"});
    }
}

struct PluginChecks::Entry {
    plugin::Declaration declaration;
    plugin::Checker checker;
    bool in_trouble = false;
};

PluginChecks::PluginChecks(std::vector<plugin::FoundPlugin> const& plugins, std::string const& host_program) {
    for (auto const& one : plugins) {
        if (one.declaration && one.fault.empty() && one.declaration->has.configure) {
            checkers_.push_back(
                std::unique_ptr<Entry>(new Entry{*one.declaration, {host_program, one.file, *one.declaration}, false}));
        }
    }
}

PluginChecks::~PluginChecks() = default;

auto PluginChecks::after(config::LoadOptions::Faults of_backend) -> config::LoadOptions::Faults {
    return [this, of_backend = std::move(of_backend)](Definition const& definition) {
        auto faults = of_backend ? of_backend(definition) : std::vector<Hypervisor::Fault>{};
        for (auto const& entry : checkers_) {
            if (entry->declaration.all_vms || definition.plugin_settings.contains(entry->declaration.name)) {
                ask(*entry, definition, faults);
            }
        }
        return faults;
    };
}

void PluginChecks::ask(Entry& entry, Definition const& definition, std::vector<Hypervisor::Fault>& faults) {
    auto const& name = entry.declaration.name;
    auto const checked = entry.checker.check(definition.name, 0, settings_for(definition, name));
    auto const warn = [&](std::string const& key, std::string text) {
        if (warnings_.size() < most_warnings) {
            auto const place = place_of(definition, key);
            warnings_.push_back({.file = place.file(),
                                 .line = place.line,
                                 .column = place.column,
                                 .severity = config::Severity::warning,
                                 .vm = definition.name,
                                 .key = key,
                                 .message = "plugin " + name + ": " + std::move(text)});
        }
    };
    if (!checked.trouble.empty()) {
        // What is wrong with a plugin is no reason to take a VM away.
        if (!std::exchange(entry.in_trouble, true)) {
            warn({},
                 "it cannot say whether these settings are right, and they are taken as they are: " + checked.trouble);
        }
        return;
    }
    bool refused = false;
    for (auto const& message : checked.messages) {
        if (!checked.ok && message.level == 0) {
            faults.push_back({message.key, "plugin " + name + ": " + message.text});
            refused = true;
        } else if (message.level <= 1) {
            warn(message.key, message.text);
        }
    }
    if (!checked.ok && !refused) {
        faults.push_back(
            {{},
             "the plugin " + name + " refuses these settings" +
                 (checked.messages.empty() ? ", and gives no reason" : ": " + checked.messages.back().text)});
    }
}

void PluginChecks::add_warnings(std::vector<config::Diagnostic>& diagnostics) {
    std::move(warnings_.begin(), warnings_.end(), std::back_inserter(diagnostics));
    warnings_.clear();
}

}  // namespace apiary
