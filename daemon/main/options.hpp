// apiaryd's command line.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace apiary {

struct Options {
    std::vector<std::string> configs;   // main file first, then further files (each with the rights of its owner)
    std::vector<std::string> vmstated;  // folders of vmstated's configuration
    std::optional<uid_t> trusted_uid;   // whose files are root's equals; none: who runs the program
    std::optional<unsigned> host_cpus;  // the configuration is for a host with that many, 0: any; none: for this one
    std::string run_dir = "/run/apiary";
    std::string state_dir = "/var/lib/apiary";
    std::string log_dir = "/var/log/apiary";
    std::string vars_dir;     // default: <state_dir>/vars
    std::string bus_address;  // empty: the system bus
    std::string bus_name = "org.apiary.Apiary1";
    bool private_bus = false;
    bool session = false;  // one user's own VMs: only his, on his session bus, in his folders
    bool no_devd = false;  // no sockets that speak devd's records
    bool foreground = false;
    bool check = false;
    bool check_restart = false;  // a check for who is about to be restarted
    bool debug = false;
    std::string qemu = "/usr/bin/qemu-system-x86_64";
    std::string bhyve;                     // empty: /usr/sbin/bhyve on FreeBSD, none elsewhere
    std::string shim;                      // empty: beside apiaryd, else in libexec
    std::vector<std::string> plugin_dirs;  // empty: that of the installation
    unsigned plugin_strikes = 3;           // deaths or hangs in calls that disable a plugin; 0: none do
};

struct ParsedOptions {
    bool run = false;  // false: leave with `status` (help, version, a wrong option)
    int status = 0;
    Options options;
};

[[nodiscard]] auto parse_options(int argc, char** argv) -> ParsedOptions;

}  // namespace apiary
