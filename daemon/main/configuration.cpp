#include "main/configuration.hpp"

#include <unistd.h>

#include <exception>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "main/log.hpp"
#include "main/paths.hpp"

namespace apiary {

namespace {

// Hook scripts are named by the folder that they are in, and must be found from anywhere.
auto absolute(std::vector<std::string> folders) -> std::vector<std::string> {
    for (auto& folder : folders) {
        std::error_code error;
        auto full = std::filesystem::absolute(folder, error);
        if (!error && !folder.empty()) {
            folder = full.string();
        }
    }
    return folders;
}

}  // namespace

Configuration::Configuration(Options const& options, Identities& identities, std::vector<Hypervisor*> backends,
                             BackendKind default_backend)
    : paths_{options.configs},
      vmstated_{absolute(options.vmstated)},
      trusted_uid_{options.trusted_uid.value_or(::geteuid())},
      session_{options.session},
      plugin_host_{helper_path("apiary-plugin-host")},
      identities_{identities},
      backends_{std::move(backends)},
      default_backend_{default_backend},
      host_{options.host_cpus} {}

OtherLanguages::OtherLanguages()
    : ucl_{{.program = helper_path("apiary-ucl")}}, vmstated_{{.program = helper_path("apiary-ucl")}} {}

auto faults_of(std::vector<Hypervisor*> backends) -> config::LoadOptions::Faults {
    return [backends = std::move(backends)](Definition const& definition) -> std::vector<Hypervisor::Fault> {
        for (auto const* const backend : backends) {
            if (backend->kind() == definition.backend) {
                return backend->faults(definition);
            }
        }
        return {{"backend", "there is no backend " + std::string{to_string(definition.backend)} + " on this host"}};
    };
}

auto faults_in_session(config::LoadOptions::Faults of_backend, uid_t user) -> config::LoadOptions::Faults {
    return [of_backend = std::move(of_backend), user](Definition const& definition) {
        auto faults = of_backend ? of_backend(definition) : std::vector<Hypervisor::Fault>{};
        if (definition.owner != user) {
            auto const his =
                definition.owner_name.empty() ? "uid " + std::to_string(definition.owner) : definition.owner_name;
            faults.push_back(
                {"owner", "it would be a VM of " + his + ", and apiaryd --session runs those of its own user (uid " +
                              std::to_string(user) +
                              ") alone: leave `owner` out, in a file of this user; VMs of several users are "
                              "for the apiaryd that root runs"});
        }
        return faults;
    };
}

auto Configuration::load(config::GlobalVariables const& before, std::vector<DefinitionPtr> const& applied) const
    -> config::LoadResult {
    return load_with(plugins_.declared ? plugins_.declared() : std::vector<plugin::FoundPlugin>{}, before, applied);
}

auto Configuration::load_with(std::vector<plugin::FoundPlugin> const& plugins, config::GlobalVariables const& before,
                              std::vector<DefinitionPtr> const& applied) const -> config::LoadResult {
    config::RememberedAccounts const accounts{accounts_};
    config::LoadOptions options;
    options.trusted_uid = trusted_uid_;
    options.default_backend = default_backend_;
    options.accounts = &accounts;
    options.host = &host_;
    options.variables_before = &before;
    options.definitions_before = &applied;
    OtherLanguages const languages;
    languages.lend_to(options);
    options.vmstated_folders = vmstated_;
    options.id_of = [this](std::string_view name) { return identities_.id_of(name); };
    if (!backends_.empty()) {
        options.backend_faults = faults_of(backends_);
    }
    if (session_) {
        options.backend_faults = faults_in_session(std::move(options.backend_faults), ::geteuid());
    }
    PluginChecks checks{plugins, plugin_host_};
    options.plugin_keys = key_specs(plugins);
    if (!checks.empty()) {
        options.backend_faults = checks.after(std::move(options.backend_faults));
    }
    auto result = config::load_paths(paths_, options);
    checks.add_warnings(result.diagnostics);
    if (result.ok) {
        for (auto const& file : result.dropped_files) {
            result.diagnostics.push_back({.file = file,
                                          .severity = config::Severity::warning,
                                          .message = "nothing of this file is used until that is mended"});
        }
    }
    // A VM that was renamed with `name =` keeps the number of its section.
    for (std::size_t i = 0; i < result.definitions.size() && i < result.ids.size(); ++i) {
        identities_.reserve(result.definitions[i]->name, result.ids[i]);
    }
    return result;
}

void Configuration::load(Loop& loop, config::GlobalVariables before, std::vector<DefinitionPtr> applied,
                         std::function<void(config::LoadResult)> done) const {
    auto read = [this, &loop, before = std::move(before), applied = std::move(applied), done = std::move(done)] {
        auto const result = std::make_shared<config::LoadResult>();
        loop.offload(
            [this, result, before, applied,
             plugins = plugins_.declared ? plugins_.declared() : std::vector<plugin::FoundPlugin>{}] {
                try {
                    *result = load_with(plugins, before, applied);
                } catch (std::exception const& error) {  // no memory, for instance: that ends this load, not the daemon
                    *result = {};
                    result->diagnostics.push_back({.message = std::string{"cannot be read: "} + error.what()});
                }
            },
            [result, done] { done(std::move(*result)); });
    };
    if (plugins_.look) {
        plugins_.look(std::move(read));
    } else {
        read();
    }
}

void log_diagnostics(std::vector<config::Diagnostic> const& diagnostics) {
    for (auto const& diagnostic : diagnostics) {
        log::line(diagnostic.severity == config::Severity::error ? log::Level::error : log::Level::warning,
                  config::format(diagnostic));
    }
}

}  // namespace apiary
