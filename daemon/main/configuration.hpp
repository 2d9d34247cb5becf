// Reads the configuration for the daemon: with the host's accounts and files, and what the backends can do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/ucl/reader.hpp"
#include "config/vmstated/folder.hpp"
#include "main/options.hpp"
#include "main/plugin_keys.hpp"
#include "vm/identities.hpp"
#include "vm/loop.hpp"

namespace apiary {

class Configuration {
public:
    Configuration(Configuration const&) = delete;
    auto operator=(Configuration const&) -> Configuration& = delete;

    // The backends must be usable from any thread as far as faults() goes: it looks at the definition only. None at
    // all: what a backend cannot do is not asked.
    Configuration(Options const& options, Identities& identities, std::vector<Hypervisor*> backends,
                  BackendKind default_backend);

    // Where the plugins come from whose keys there are. `look` asks for them anew first, and then calls what it is
    // given.
    struct PluginSource {
        std::function<std::vector<plugin::FoundPlugin>()> declared;
        std::function<void(std::function<void()>)> look;
    };
    void use_plugins(PluginSource source) { plugins_ = std::move(source); }

    // `before`: the variables of the load that was taken last; `applied`: its definitions. May block.
    [[nodiscard]] auto load(config::GlobalVariables const& before = {},
                            std::vector<DefinitionPtr> const& applied = {}) const -> config::LoadResult;
    // The same with plugins that were found by somebody else.
    [[nodiscard]] auto load_with(std::vector<plugin::FoundPlugin> const& plugins,
                                 config::GlobalVariables const& before = {},
                                 std::vector<DefinitionPtr> const& applied = {}) const -> config::LoadResult;
    void load(Loop& loop, config::GlobalVariables before, std::vector<DefinitionPtr> applied,
              std::function<void(config::LoadResult)> done) const;

private:
    std::vector<std::string> paths_, vmstated_;
    uid_t trusted_uid_;
    bool session_;
    std::string plugin_host_;
    PluginSource plugins_;
    Identities& identities_;
    std::vector<Hypervisor*> backends_;
    BackendKind default_backend_;
    config::SystemAccounts accounts_;
    config::SystemHost host_;
};

// The languages other than bmd's, as this installation has them.
class OtherLanguages {
public:
    OtherLanguages();
    OtherLanguages(OtherLanguages const&) = delete;
    auto operator=(OtherLanguages const&) -> OtherLanguages& = delete;

    void lend_to(config::LoadOptions& options) const {
        options.ucl = &ucl_;
        options.vmstated = &vmstated_;
    }

private:
    config::ucl::Reader ucl_;
    config::vmstated::Folder vmstated_;
};

// The same, and one fault more: the VM is not of the one user whose VMs a session's daemon runs.
[[nodiscard]] auto faults_in_session(config::LoadOptions::Faults of_backend, uid_t user) -> config::LoadOptions::Faults;

// What the definition's backend cannot do, or that it is none of these.
[[nodiscard]] auto faults_of(std::vector<Hypervisor*> backends) -> config::LoadOptions::Faults;

void log_diagnostics(std::vector<config::Diagnostic> const& diagnostics);

}  // namespace apiary
