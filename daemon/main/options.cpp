#include "main/options.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "main/session_mode.hpp"

#include "vm/kill_point.hpp"

namespace apiary {

auto parse_options(int argc, char** argv) -> ParsedOptions {
    ParsedOptions parsed;
    auto& options = parsed.options;
    options.configs = {"/etc/apiary/apiary.conf"};

    CLI::App app{"apiaryd runs virtual machines and publishes them on a message bus."};
    app.set_version_flag("-v,--version", std::string{"apiaryd "} + APIARY_VERSION);
    auto const* const configs =
        app.add_option(
               "-f,--config", options.configs,
               "Configuration file. May be given several times: the first is the main file; values of a file that "
               "root does not own have only that owner's rights")
            ->capture_default_str();
    app.add_option("--vmstated", options.vmstated,
                   "Folder of vmstated's configuration, read as it is. May be given several times; without -f the main "
                   "file need not be there then");
    app.add_flag("--check", options.check, "Read the configuration, say what is wrong with it, and leave (0: well)");
    app.add_flag("--check-restart", options.check_restart,
                 "The same for a daemon that is about to be restarted: 1 only where root's files are wrong");
    app.add_flag("-F,--foreground", options.foreground, "Log to standard error instead of syslog");
    app.add_flag("--debug", options.debug, "Log more");
    auto* const address =
        app.add_option("--bus-address", options.bus_address, "D-Bus address instead of the system bus's");
    auto* const session =
        app.add_flag("--session", options.session,
                     "Your own VMs, without root: on the session bus, with configuration, state and sockets where the "
                     "XDG variables say (see apiaryd(8))");
    app.add_flag("--private-bus", options.private_bus,
                 "Start a bus of its own, for machines without one; it ends when the daemon has stopped all VMs")
        ->excludes(address)
        ->excludes(session);
    app.add_flag("--no-devd", options.no_devd,
                 "No sockets for readers of devd's records (RUN_DIR/devd.pipe, RUN_DIR/devd.seqpacket.pipe)");
    app.add_option("--bus-name", options.bus_name, "Name to own on the bus")->capture_default_str();
    auto* const run_dir = app.add_option("--run-dir", options.run_dir, "What runs: sockets, records of running VMs")
                              ->capture_default_str();
    auto* const state_dir =
        app.add_option("--state-dir", options.state_dir, "What lasts; one daemon for each")->capture_default_str();
    auto* const log_dir = app.add_option("--log-dir", options.log_dir, "One file for each VM: what the hypervisor says")
                              ->capture_default_str();
    app.add_option("--vars-dir", options.vars_dir, "UEFI variables (default: STATE_DIR/vars)");
    app.add_option("--qemu", options.qemu, "QEMU to run")->capture_default_str();
    app.add_option("--bhyve", options.bhyve, "bhyve to run (default: FreeBSD's own)");
    app.add_option("--shim", options.shim, "apiary-shim to run (default: beside apiaryd, or in libexec)");
    app.add_option(
           "--plugin-dir", options.plugin_dirs,
           "Folder of plugins (NAME.so), root's and nobody else's to write to. May be given several times: of two "
           "plugins of one name the first counts (default: the installation's)")
        ->allow_extra_args(false);
    app.add_option("--plugin-strikes", options.plugin_strikes,
                   "Disable a plugin whose process dies or hangs so often in calls within 10 minutes (0: never)")
        ->capture_default_str();
#ifndef APIARY_NO_KILL_POINTS
    bool list_kill_points = false;
    app.add_flag("--list-kill-points", list_kill_points,
                 "Print the places at which APIARY_KILL_AT=NAME[:PASSAGE] in the environment kills the daemon")
        ->group("Fault injection (not in packages)");
#endif
    app.footer(
        "Signals: SIGTERM and SIGINT stop all VMs, then the daemon (a second one powers them off); SIGHUP reads the\n"
        "configuration again; SIGRTMIN (SIGINFO on FreeBSD) ends the daemon and leaves the VMs alone.");
    try {
        app.parse(argc, argv);
        if (options.session) {
            take_session_places(options,
                                {.config = configs->count() > 0,
                                 .run_dir = run_dir->count() > 0 || options.check,  // a check needs neither
                                 .state_dir = state_dir->count() > 0,
                                 .log_dir = log_dir->count() > 0,
                                 .bus_address = address->count() > 0 || options.check},
                                session_surroundings());
        }
        parsed.run = true;
#ifndef APIARY_NO_KILL_POINTS
        if (list_kill_points) {
            for (auto const point : kill_points()) {
                std::printf("%.*s\n", static_cast<int>(point.size()), point.data());
            }
            parsed.run = false;
        }
#endif
        if (!options.vmstated.empty() && configs->count() == 0 &&
            ::access(options.configs.front().c_str(), F_OK) != 0) {
            options.configs.clear();
        }
    } catch (CLI::ParseError const& error) {
        if (error.get_exit_code() == 0) {  // help, version
            app.exit(error);
        } else {
            std::fprintf(stderr, "apiaryd: %s\n  See: apiaryd --help\n", error.what());
            parsed.status = 2;
        }
    } catch (std::exception const& error) {  // of the surroundings: nothing is wrong with the command line
        std::fprintf(stderr, "apiaryd: %s\n", error.what());
        parsed.status = 1;
    }
    if (options.vars_dir.empty()) {
        options.vars_dir = options.state_dir + "/vars";
    }
    return parsed;
}

}  // namespace apiary
