// What the command line asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ctl/model.hpp"

namespace apiary::ctl {

struct Invocation {
    enum class Action {
        list,
        status,
        operate,
        console,
        events,
        jobs,
        cancel,
        reload,
        config_show,
        config_check,
        config_diff,
        import,
        version,
        plugin_list,
        plugin_show,
        plugin_operate,
        agent_list,
        agent_unregister,
        shutdown_all,
        daemon_stop,
        daemon_restart,
    };
    Action action = Action::list;

    // Of every command.
    std::string address;   // of the bus; empty: to be found
    bool session = false;  // the session bus: the daemon of one's own
    bool json = false;
    bool quiet = false;

    // Of some. VMs: those that are named; none: all.
    std::vector<std::string> vms;
    Command command = Command::start;    // operate
    bool wait = true;                    // operate, shutdown_all, daemon_stop, daemon_restart
    bool open_console = false;           // operate: start
    bool force = false;                  // operate: fail_reset; console; shutdown_all, daemon_stop, daemon_restart
    bool read_only = false;              // console
    bool names_only = false;             // list, jobs, plugin_list, agent_list: for scripts and completion
    std::vector<std::string> states;     // list, plugin_list
    bool follow = false;                 // events
    std::optional<std::uint64_t> since;  // events: the first number wanted
    std::optional<std::uint64_t> from;   // events: the time to begin with, in microseconds since 1970
    std::string stream;                  // events: the numbering that `since` is of
    std::vector<std::string> types;      // events
    std::vector<std::uint64_t> jobs;     // cancel
    bool dry_run = false;                // reload
    std::vector<std::string> plugins;    // plugin_show, plugin_operate
    PluginCommand plugin_command = PluginCommand::enable;  // plugin_operate
    std::vector<std::string> agents;                       // agent_unregister
    bool keep_vms = false;                                 // daemon_stop
    std::vector<std::string> files;     // config_show (none: ask the daemon), config_check; import: the one
    std::vector<std::string> vmstated;  // config_show, config_check: folders
    bool pending = false;               // config_show
    bool own_daemon = false;            // config_show, config_check
    std::string backend;                // config_show, config_check
    std::string manager;                // import: whose files
    std::string output;                 // import: the file to write; empty: the standard output
};

}  // namespace apiary::ctl
