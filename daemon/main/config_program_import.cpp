// apiary-config import: another manager's configuration as one of Apiary.
#include <cstdio>
#include <stdexcept>

#include "config/import/import.hpp"
#include "hypervisor/hypervisors.hpp"
#include "main/config_program.hpp"
#include "main/configuration.hpp"
#include "main/idle_backends.hpp"

namespace apiary {

auto import_text(ConfigRequest const& request) -> ImportedText {
    auto const kind = config::import_kind(request.manager);
    if (!kind) {
        throw std::runtime_error{"there is no import from " + request.manager};
    }
    config::ImportOptions options;
    // The daemon that is to read it is the system's, and runs on a host like this one.
    IdleBackends const backends;
    OtherLanguages const languages;
    languages.lend_to(options.load);
    options.load.backend_faults = faults_of(backends.all());
    options.load.default_backend = request.backend.value_or(hypervisor::default_backend());
    auto result = config::import_configuration(*kind, request.path, std::move(options));
    for (auto const& diagnostic : result.diagnostics) {
        std::fprintf(stderr, "%s\n", config::format(diagnostic).c_str());
    }
    return {std::move(result.text), result.ok};
}

}  // namespace apiary
