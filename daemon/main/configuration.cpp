#include "main/configuration.hpp"

#include <unistd.h>

#include <exception>
#include <memory>
#include <utility>

#include "main/log.hpp"
#include "main/paths.hpp"

namespace apiary {

Configuration::Configuration(Options const& options, Identities& identities, std::vector<Hypervisor*> backends,
                             BackendKind default_backend)
    : paths_{options.configs},
      vmstated_{options.vmstated},
      trusted_uid_{options.trusted_uid.value_or(::geteuid())},
      identities_{identities},
      backends_{std::move(backends)},
      default_backend_{default_backend},
      host_{options.host_cpus} {}

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

auto Configuration::load(config::GlobalVariables const& before, std::vector<DefinitionPtr> const& applied) const
    -> config::LoadResult {
    config::RememberedAccounts const accounts{accounts_};
    config::LoadOptions options;
    options.trusted_uid = trusted_uid_;
    options.default_backend = default_backend_;
    options.accounts = &accounts;
    options.host = &host_;
    options.variables_before = &before;
    options.definitions_before = &applied;
    config::ucl::ReaderOptions const ucl_options{.program = helper_path("apiary-ucl")};
    config::ucl::Reader const ucl{ucl_options};
    config::vmstated::Folder const vmstated{ucl_options};
    options.ucl = &ucl;
    options.vmstated = &vmstated;
    options.vmstated_folders = vmstated_;
    options.id_of = [this](std::string_view name) { return identities_.id_of(name); };
    if (!backends_.empty()) {
        options.backend_faults = faults_of(backends_);
    }
    auto result = config::load_paths(paths_, options);
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
    auto const result = std::make_shared<config::LoadResult>();
    loop.offload(
        [this, result, before = std::move(before), applied = std::move(applied)] {
            try {
                *result = load(before, applied);
            } catch (std::exception const& error) {  // no memory, for instance: that ends this load, not the daemon
                *result = {};
                result->diagnostics.push_back({.message = std::string{"cannot be read: "} + error.what()});
            }
        },
        [result, done = std::move(done)] { done(std::move(*result)); });
}

void log_diagnostics(std::vector<config::Diagnostic> const& diagnostics) {
    for (auto const& diagnostic : diagnostics) {
        log::line(diagnostic.severity == config::Severity::error ? log::Level::error : log::Level::warning,
                  config::format(diagnostic));
    }
}

}  // namespace apiary
