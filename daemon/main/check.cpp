// Reads the configuration as a start would, and starts nothing.
#include "main/check.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "main/configuration.hpp"
#include "main/idle_backends.hpp"
#include "main/plugins_on_disk.hpp"
#include "store/schema.hpp"

namespace apiary {

auto hypervisor_options(Options const& options) -> hypervisor::Options {
    auto made = hypervisor::default_options();
    made.qemu = options.qemu;
    if (!options.bhyve.empty()) {
        made.bhyve = options.bhyve;
    }
    made.vars_dir = options.vars_dir;
    made.state_dir = options.state_dir;
    return made;
}

auto vms_text(std::size_t count) -> std::string {
    return std::to_string(count) + (count == 1 ? " VM" : " VMs");
}

// The first thing that somebody new does: he starts it, and has written nothing yet.
auto hint_of_missing(std::vector<std::string> const& configs) -> std::string {
    struct stat status {};
    if (configs.empty()) {  // vmstated's folders alone
        return {};
    }
    if (::lstat(configs.front().c_str(), &status) == 0 || errno != ENOENT) {
        return {};
    }
    return "there is no configuration " + configs.front() +
           ": write one (apiary.conf(5) has an example), or name another with --config";
}

auto check_configuration(Options const& options) -> int {
    if (options.check_restart) {
        auto const database = options.state_dir + "/state.db";
        if (auto const fault = store::schema_fault(database); !fault.empty()) {
            std::fprintf(stderr, "%s: %s\n", database.c_str(), fault.c_str());
            return 3;
        }
    }
    IdleBackends const backends{hypervisor_options(options)};
    Identities identities;
    Configuration const configuration{options, identities, backends.all(), hypervisor::default_backend()};
    PluginsOnDisk plugins{options};
    auto result = load_with_plugins(configuration, plugins, {});
    warn_of_missing(result, plugins.found());
    for (auto const& remark : plugins.remarks()) {
        std::fprintf(stderr, "%s\n", remark.c_str());
    }
    // A restart costs nobody anything where a user's files are wrong: his VMs stay as they are.
    bool errors = !result.ok || (options.check_restart && result.trusted_errors);
    for (auto const& diagnostic : result.diagnostics) {
        std::fprintf(stderr, "%s\n", config::format(diagnostic).c_str());
        errors = errors || (options.check && diagnostic.severity == config::Severity::error);
    }
    if (auto const hint = hint_of_missing(options.configs); !result.ok && !hint.empty()) {
        std::fprintf(stderr, "%s\n", hint.c_str());
    }
    auto const& source = options.configs.empty() ? options.vmstated.front() : options.configs.front();
    std::printf("%s: %s%s\n", source.c_str(), vms_text(result.definitions.size()).c_str(),
                !result.ok ? "; the daemon would not start with it"
                : errors   ? "; see the errors above"
                           : ", no errors");
    return errors ? 1 : 0;
}

}  // namespace apiary
