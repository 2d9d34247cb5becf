// Ways in from other managers: their files, read as data, become a configuration in the daemon's own language.
//
// For whoever calls it, with his rights: nothing is executed, nothing is changed, and it may block. What cannot be
// carried over stands in the text as a comment, and in the diagnostics, with the file and line that it comes from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/load.hpp"

namespace apiary::config {

enum class ImportKind { bmd, vmstated, easy_bhyve, vm_bhyve };

// "bmd", "vmstated", "easy-bhyve" or "vm-bhyve"; nothing: none of them.
[[nodiscard]] auto import_kind(std::string_view word) -> std::optional<ImportKind>;
[[nodiscard]] auto to_string(ImportKind kind) -> std::string_view;

struct ImportOptions {
    // As for the daemon that the text is for. Accounts and host may be left out: then they are the system's. With
    // `backend_faults` it is told what that daemon's hypervisor will refuse.
    LoadOptions load;
    std::string host_name;                 // easy-bhyve: whose easy-bhyve-HOST.conf is read; empty: this host's
    std::string rc_conf = "/etc/rc.conf";  // vm-bhyve: says which VMs are started, and where they are in ZFS
    std::string zfs_dataset;               // vm-bhyve: of the folder; empty: as rc.conf says, else by its path
};

struct ImportResult {
    std::string text;  // empty: there was nothing to make one from
    std::vector<Diagnostic> diagnostics;
    // Every VM that was found is in the text, complete enough to be loaded; of some of its settings there may be mere
    // comments. False: see the errors among the diagnostics.
    bool ok = false;
};

// bmd: `path` is its configuration file. vmstated: the folder with a folder for each VM. easy-bhyve: the folder of
// easy-bhyve.conf, or one such file. vm-bhyve: its folder ($vm_dir), or the .conf file of one VM.
[[nodiscard]] auto import_configuration(ImportKind kind, std::string const& path, ImportOptions options)
    -> ImportResult;

}  // namespace apiary::config
