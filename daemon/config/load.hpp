// Reading the configuration: texts of files to definitions of VMs.
//
// load_files() is a function of its arguments and what the given interfaces answer; it may block in those and touches
// no state of the program: run it off the loop (Loop::offload).
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/accounts.hpp"
#include "config/diagnostic.hpp"
#include "config/host.hpp"
#include "config/keys.hpp"
#include "config/source.hpp"
#include "vm/definition.hpp"
#include "vm/hypervisor.hpp"

namespace apiary::config {

struct LoadOptions {
    // Files of this user (and root's) are trusted: root's own for the system's daemon, else who runs the daemon.
    uid_t trusted_uid = 0;
    BackendKind default_backend = BackendKind::qemu;
    std::string localbase = "/usr/local";  // $LOCALBASE

    Accounts const* accounts = nullptr;  // required
    Host const* host = nullptr;          // required
    // The number of the VM with this section name ($ID). None: counted from 0 in reading order.
    std::function<unsigned(std::string_view)> id_of;
    // What the definition's backend cannot do: such a VM is dropped.
    std::function<std::vector<Hypervisor::Fault>(Definition const&)> backend_faults;
    std::vector<KeySpec> plugin_keys;
};

// The `global` sections of trusted files. Empty: not set. The first group is bmd's.
struct Globals {
    std::string cmd_socket_path, cmd_socket_mode, pid_file, plugin_directory, vars_directory;
    unsigned nmdm_offset = 200;

    std::string log_directory, run_directory, state_directory;
    std::string observers;               // group whose members see every VM
    std::optional<gid_t> observers_gid;  // of it

    friend auto operator==(Globals const&, Globals const&) -> bool = default;
};

struct LoadResult {
    // False: a trusted file is wrong as a whole, or was not read. Then there are no definitions, and a daemon keeps
    // what it has.
    bool ok = false;
    std::vector<DefinitionPtr> definitions;  // in the order of the files and within them
    std::vector<unsigned> ids;               // what $ID was in each of them
    Globals globals;
    std::vector<Diagnostic> diagnostics;  // by position
    // What is wrong is not gone: see keep_dropped().
    std::vector<std::string> dropped_files;  // files of others that are wrong as a whole, or were not read
    std::vector<std::string> dropped_vms;    // names of VMs whose own sections are wrong
};

// `files` in reading order.
[[nodiscard]] auto load_files(std::vector<FileText> const& files, LoadOptions const& options) -> LoadResult;

// Reads them first (read_file). One that cannot be read makes the load fail, unless it belongs to somebody else.
[[nodiscard]] auto load_paths(std::vector<std::string> const& paths, LoadOptions const& options) -> LoadResult;

}  // namespace apiary::config
