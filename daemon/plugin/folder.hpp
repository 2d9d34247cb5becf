// Which files of a folder are plugins, and the rule for them: what runs with the daemon's rights must be root's, or
// that of the daemon's own user, and nobody else's to write to, as must its folder.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vm/unique_fd.hpp"

namespace apiary::plugin {

// One content of a file: another one that is put in its place, or written into it, differs.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    std::int64_t size = 0, changed_ns = 0;
    friend auto operator==(FileId const&, FileId const&) -> bool = default;
    friend auto operator<=>(FileId const&, FileId const&) = default;
};

struct PluginFile {
    std::string name;  // without ".so"
    std::string path;
    FileId id;
    std::shared_ptr<UniqueFd const> fd;  // what is loaded, whatever becomes of its name; null: see `fault`
    std::string fault;                   // why it must not be loaded; empty: it may
};

struct FolderScan {
    std::vector<PluginFile> files;  // by name
    std::string fault;              // why none of the folder is taken; empty: nothing is wrong (it may be absent)
};

// At most so many files of a folder are looked at.
inline constexpr std::size_t max_plugins = 128;

// `user`: the daemon's. Blocks.
[[nodiscard]] auto scan_folder(std::string const& folder, uid_t user) -> FolderScan;

}  // namespace apiary::plugin
