#include "main/configuration.hpp"

#include <unistd.h>

#include <memory>
#include <utility>

namespace apiary {

Configuration::Configuration(Options const& options, Identities& identities, std::vector<Hypervisor*> backends,
                             BackendKind default_backend)
    : paths_{options.configs},
      identities_{identities},
      backends_{std::move(backends)},
      default_backend_{default_backend} {}

auto Configuration::load() const -> config::LoadResult {
    config::RememberedAccounts const accounts{accounts_};
    config::LoadOptions options;
    options.trusted_uid = ::geteuid();
    options.default_backend = default_backend_;
    options.accounts = &accounts;
    options.host = &host_;
    options.id_of = [this](std::string_view name) { return identities_.id_of(name); };
    options.backend_faults = [this](Definition const& definition) -> std::vector<Hypervisor::Fault> {
        for (auto const* const backend : backends_) {
            if (backend->kind() == definition.backend) {
                return backend->faults(definition);
            }
        }
        return {{"backend", "there is no backend " + std::string{to_string(definition.backend)} + " on this host"}};
    };
    return config::load_paths(paths_, options);
}

void Configuration::load(Loop& loop, std::function<void(config::LoadResult)> done) const {
    auto const result = std::make_shared<config::LoadResult>();
    loop.offload([this, result] { *result = load(); }, [result, done = std::move(done)] { done(std::move(*result)); });
}

}  // namespace apiary
