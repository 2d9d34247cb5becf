// All plugins of some folders: their files, what they declare, and what of that cannot be.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plugin/inspect.hpp"

namespace apiary::plugin {

struct FoundPlugin {
    PluginFile file;
    std::optional<Declaration> declaration;
    std::string fault;                    // why it cannot be used; empty: it can
    std::optional<std::string> disabled;  // why, where the state folder says so
};

struct ScanRequest {
    std::vector<std::string> folders;  // of two files of one name the first counts
    uid_t user = 0;                    // the daemon's
    std::string state_root;            // <state>/plugins; empty: nothing of it is looked at, nothing made
    // Whose key it is already: a plugin's name, or empty for the daemon itself. None: it is free.
    std::function<std::optional<std::string>(std::string_view key)> key_owner;
    // Plugins that are in use, by their keys: one that comes takes none away from them.
    std::map<std::string, std::string> holders;
};

struct Scan {
    std::vector<FoundPlugin> plugins;  // by name
    std::vector<std::string> remarks;  // about folders and files that are no plugin at all
};

// What declares a key that is another's cannot be used. Where nobody has it yet it is the first one's by name.
void judge_keys(std::vector<FoundPlugin>& plugins, ScanRequest const& request);

// Blocks. Any thread.
[[nodiscard]] auto scan_plugins(ScanRequest const& request, Inspector& inspector) -> Scan;

}  // namespace apiary::plugin
