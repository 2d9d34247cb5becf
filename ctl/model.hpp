// What the daemon tells, as plain values: the vocabulary between the client and the commands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/value.hpp"

namespace apiary::ctl {

enum class Command { start, stop, poweroff, reset, pause, resume, fail_reset };
[[nodiscard]] auto to_string(Command command) -> std::string_view;  // the command's name on our command line

struct DaemonInfo {
    std::string version, stream, backend;
    std::uint32_t api_version = 0;
    Strings features;
    bool degraded = false;
};

struct VmFilter {
    Strings names, states, fields;
};

struct VmRow {
    std::string name, path, state, sub_state, target, reason;
    std::uint64_t since = 0;  // microseconds since 1970
    Values fields;            // by the names of the VM's properties
};

struct VmPage {
    std::uint64_t seq = 0;
    std::vector<VmRow> vms;
    bool more = false;
};

// A VM that is to stop with others.
struct StopRow {
    std::string name, path;
    Strings behind;  // those of them that it waits for before it is told
};

struct JobRow {
    std::uint64_t id = 0;
    std::string path, command, vm, stage, result;
    double progress = 0.0;
};

struct JobPage {
    std::uint64_t seq = 0;
    std::vector<JobRow> jobs;
    bool more = false;
};

enum class PluginCommand { enable, disable, restart };
[[nodiscard]] auto to_string(PluginCommand command) -> std::string_view;  // its name on our command line

struct PluginRow {
    std::string name, path, state, version, error;
    Values fields;  // by the names of the plugin's properties
};

struct PluginPage {
    std::vector<PluginRow> plugins;
    bool more = false;
};

struct PluginFilter {
    Strings states, fields;
};

struct Event {
    std::uint64_t seq = 0, vm_seq = 0, time = 0;
    std::string vm, type, state, sub_state, reason;  // vm is empty in events of the daemon itself
    Values details;
};

struct EventFilter {
    Strings vms, types;
    std::uint64_t since = 0;  // microseconds since 1970
};

// Something that arrived while the client waited.
struct Notice {
    enum class Kind {
        job_changed,  // path, values: what changed
        job_ended,    // path
        event,        // event: of a VM or of the daemon
        missed,       // signals were lost or the subscription has ended: read anew
        daemon_gone,  // nobody has the bus name any more
        daemon_back,  // somebody has it again
        bus_lost,     // the connection itself is dead
        interrupted,  // a signal asks us to end
        timed_out,    // the time that was given is over
    };
    Kind kind = Kind::timed_out;
    std::string path;
    Values values;
    Event event;
};

}  // namespace apiary::ctl
