// Reads the configuration for the daemon: with the host's accounts and files, and what the backends can do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "main/options.hpp"
#include "vm/identities.hpp"
#include "vm/loop.hpp"

namespace apiary {

class Configuration {
public:
    // The backends must be usable from any thread as far as faults() goes: it looks at the definition only.
    Configuration(Options const& options, Identities& identities, std::vector<Hypervisor*> backends,
                  BackendKind default_backend);

    [[nodiscard]] auto load() const -> config::LoadResult;  // may block
    void load(Loop& loop, std::function<void(config::LoadResult)> done) const;

private:
    std::vector<std::string> paths_;
    Identities& identities_;
    std::vector<Hypervisor*> backends_;
    BackendKind default_backend_;
    config::SystemAccounts accounts_;
    config::SystemHost host_;
};

void log_diagnostics(std::vector<config::Diagnostic> const& diagnostics);

}  // namespace apiary
