// apiary-config's command line.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "main/config_program.hpp"

namespace apiary {

auto parse_request(int argc, char** argv) -> ParsedRequest {
    ParsedRequest parsed;
    ConfigRequest& request = parsed.request;
    CLI::App app{"apiary-config says what a configuration means to apiaryd. apiaryctl config runs it."};
    app.set_version_flag("-v,--version", std::string{"apiary-config "} + APIARY_VERSION);
    app.require_subcommand(1);

    std::string backend;
    bool own = false;
    unsigned host_cpus = 0;
    auto const reading = [&](CLI::App* command) {
        command->add_option("FILE", request.daemon.configs, "Configuration files, the main file first");
        command->add_option("--vmstated", request.daemon.vmstated, "A folder of vmstated's configuration (repeatable)")
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
        command
            ->add_option("--plugin-dir", request.daemon.plugin_dirs,
                         "A folder of plugins, whose keys are known then (repeatable; default: the installation's)")
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
        command->add_flag("--plugins", request.plugins, "Tell on the standard error which plugins cannot be used");
        command->add_option("--backend", backend, "What runs a VM that names no backend (default: the host's)")
            ->check(CLI::IsMember({"qemu", "bhyve"}));
        command->add_option("--host-cpus", host_cpus, "Processors of the host that it is for");
        command->add_option("--loads", request.loads, "Read it that often, as a daemon does that is told to reload")
            ->check(CLI::Range(1, 100));
        command->add_flag("--own-daemon", own,
                          "As a daemon of the caller's own reads it: his files are trusted as root's are");
        command->add_flag("--session", request.daemon.session,
                          "As apiaryd --session reads it: --own-daemon, and all VMs must be the caller's");
    };
    auto* const show = app.add_subcommand(
        "show", "Print what the files say, every setting of every VM, as JSON (0: it can be loaded)");
    reading(show);
    show->add_flag("--secrets", request.secrets, "Print passwords too");
    auto* const check = app.add_subcommand("check", "Print what is wrong with it on this host as JSON (0: nothing)");
    reading(check);
    auto* const import = app.add_subcommand("import", "Print another manager's configuration as one of Apiary");
    import->add_option("KIND", request.manager, "bmd, vmstated, easy-bhyve or vm-bhyve")
        ->required()
        ->check(CLI::IsMember({"bmd", "vmstated", "easy-bhyve", "vm-bhyve"}));
    import->add_option("PATH", request.path, "Its file or folder")->required();
    try {
        app.parse(argc, argv);
        if (!*import && request.daemon.configs.empty() && request.daemon.vmstated.empty()) {
            throw CLI::RequiredError{"FILE"};
        }
        parsed.run = true;
    } catch (CLI::ParseError const& error) {
        if (error.get_exit_code() == 0) {  // help, version
            app.exit(error);
        } else {
            std::fprintf(stderr, "apiary-config: %s\n  See: apiary-config --help\n", error.what());
            parsed.status = 2;
        }
        return parsed;
    }
    request.kind = *show    ? ConfigRequest::Kind::show
                   : *check ? ConfigRequest::Kind::check
                            : ConfigRequest::Kind::import;
    if (*show || host_cpus > 0) {
        request.daemon.host_cpus = host_cpus;
    }
    if (!backend.empty()) {
        request.backend = backend == "bhyve" ? BackendKind::bhyve : BackendKind::qemu;
    }
    if (!own && !request.daemon.session) {
        request.daemon.trusted_uid = 0;  // as the system's daemon sees it, whoever asks
    }
    return parsed;
}

}  // namespace apiary
