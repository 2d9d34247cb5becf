// Reading the configuration: texts of files to definitions of VMs.
//
// load_files() is a function of its arguments and what the given interfaces answer; it may block in those and touches
// no state of the program: run it off the loop (Loop::offload).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/accounts.hpp"
#include "config/diagnostic.hpp"
#include "config/files.hpp"
#include "config/host.hpp"
#include "config/keys.hpp"
#include "config/syntax_reader.hpp"
#include "vm/definition.hpp"
#include "vm/hypervisor.hpp"

namespace apiary::config {

// Names and texts, of trusted files alone.
using GlobalVariables = std::map<std::string, std::string, std::less<>>;

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
    using Faults = std::function<std::vector<Hypervisor::Fault>(Definition const&)>;
    Faults backend_faults;
    std::vector<KeySpec> plugin_keys;

    Files* files = nullptr;                  // null: load_paths() takes the host's, load_files() includes nothing
    SyntaxReader const* ucl = nullptr;       // files *.ucl; null: such a file is an error
    FolderReader const* vmstated = nullptr;  // null: a vmstated folder is an error
    std::vector<std::string> vmstated_folders;
    // Variables of the `global` sections of the load before: what an .include sees besides those of its own file.
    GlobalVariables const* variables_before = nullptr;
    // The definitions of before: one that is the same again, down to the lines that it stands in, is taken from here. A
    // reload is cheaper for it, and who compares the two has an easy task.
    std::vector<DefinitionPtr> const* definitions_before = nullptr;
};

// The `global` sections of trusted files. Empty: not set. The first group is bmd's.
struct Globals {
    std::string cmd_socket_path, cmd_socket_mode, pid_file, plugin_directory, vars_directory;
    unsigned nmdm_offset = 200;

    std::string log_directory, run_directory, state_directory;
    std::string vmstated_directory;
    std::string observers;               // group whose members see every VM
    std::optional<gid_t> observers_gid;  // of it

    std::optional<unsigned> max_starting;  // VMs that may be starting at once; none: as the host has processors

    std::string journal_max_size, journal_max_age;  // as written
    std::int64_t journal_bytes = std::int64_t{64} * 1024 * 1024;
    std::chrono::seconds journal_age = std::chrono::hours{24 * 30};

    friend auto operator==(Globals const&, Globals const&) -> bool = default;
};

struct LoadResult {
    // False: a trusted file is wrong as a whole, or was not read. Then there are no definitions, and a daemon keeps
    // what it has.
    bool ok = false;
    std::vector<DefinitionPtr> definitions;  // in the order of the files and within them
    std::vector<unsigned> ids;               // what $ID was in each of them
    Globals globals;
    std::vector<Diagnostic> diagnostics;     // by position
    std::vector<std::string> dropped_files;  // files of others that are wrong as a whole, or were not read
    std::vector<std::string> dropped_vms;    // names of VMs whose own sections are wrong
    bool unknown_keys = false;               // some key is nobody's: a plugin that comes may declare it

    // What is wrong is not gone: see keep_applied(). Errors that are harmless are not counted here.
    uid_t trusted_uid = 0;                    // LoadOptions'
    bool trusted_errors = false;              // in what root says
    std::vector<uid_t> owners_with_errors{};  // in what others say; rising
    struct LostName {
        std::string name;
        uid_t owner = 0;  // of the file, who would have the VM if another owner's definition did not come first
    };
    std::vector<LostName> lost_names{};

    struct File {
        std::string name;  // as in diagnostics and origins
        bool trusted = true;
        uid_t owner = 0;
        bool dropped = false;  // wrong as a whole, or not read (then `owner` is whose trouble that is)
    };
    std::vector<File> files;    // in reading order, then those that were not read
    GlobalVariables variables;  // for the next load's `variables_before`, if this one is taken
};

// `files` in reading order; those that they include come after them, the nearest first.
[[nodiscard]] auto load_files(std::vector<FileText> const& files, LoadOptions const& options) -> LoadResult;

// Reads them first. One that cannot be read makes the load fail, unless that is somebody else's trouble.
[[nodiscard]] auto load_paths(std::vector<std::string> const& paths, LoadOptions const& options) -> LoadResult;

}  // namespace apiary::config
