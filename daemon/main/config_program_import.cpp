// apiary-config import: another manager's configuration as one of Apiary.
#include <cstdio>
#include <stdexcept>

#include "config/import/import.hpp"
#include "hypervisor/hypervisors.hpp"
#include "main/asio_loop.hpp"
#include "main/config_program.hpp"
#include "main/configuration.hpp"
#include "main/paths.hpp"
#include "supervision/supervision.hpp"

namespace apiary {

auto import_text(ConfigRequest const& request) -> ImportedText {
    auto const kind = config::import_kind(request.manager);
    if (!kind) {
        throw std::runtime_error{"there is no import from " + request.manager};
    }
    config::ImportOptions options;
    // The daemon that is to read it is the system's, and runs on a host like this one.
    AsioLoop loop;
    auto const supervisor = make_supervisor(loop, {});
    auto const qemu = hypervisor::make_qemu(loop, *supervisor, hypervisor::default_options());
    auto const bhyve = hypervisor::make_bhyve(loop, *supervisor, hypervisor::default_options());
    config::ucl::ReaderOptions const ucl_options{.program = helper_path("apiary-ucl")};
    config::ucl::Reader const ucl{ucl_options};
    config::vmstated::Folder const vmstated{ucl_options};
    options.load.ucl = &ucl;
    options.load.vmstated = &vmstated;
    options.load.backend_faults = faults_of({qemu.get(), bhyve.get()});
    options.load.default_backend = request.backend.value_or(hypervisor::default_backend());
    auto result = config::import_configuration(*kind, request.path, std::move(options));
    for (auto const& diagnostic : result.diagnostics) {
        std::fprintf(stderr, "%s\n", config::format(diagnostic).c_str());
    }
    return {std::move(result.text), result.ok};
}

}  // namespace apiary
