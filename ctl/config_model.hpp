// Configurations as apiaryctl shows them, wherever they were read: by the daemon, or by apiary-config.
#pragma once

#include <string>
#include <vector>

#include "ctl/value.hpp"

namespace apiary::ctl {

struct ConfigOrigin {
    std::string file;
    std::uint64_t line = 0, column = 0;
    std::string through;  // the template; may be empty
};

struct ConfigSetting {
    std::string key;
    Strings values;                     // none: there is no value, or it is not shown
    std::vector<ConfigOrigin> origins;  // one for each value that was written
    bool given = false;                 // else a default, or implied
    bool secret = false;                // it is set and not shown
};

struct VmConfig {
    std::string name;
    std::vector<ConfigSetting> settings;
};

struct ConfigError {
    std::string severity;  // error, warning
    std::string text;      // FILE:LINE:COLUMN: error: …
};

// What apiary-config prints.
struct ConfigDocument {
    bool loaded = false;  // false: nothing of it is taken
    std::uint64_t vm_count = 0;
    std::vector<VmConfig> vms;
    std::vector<ConfigError> errors;
};

// What a reload does to a VM.
struct KeyChange {
    std::string key;
    Strings before, after;
    std::string effect;
};

struct VmPlan {
    std::string name, action, effect;
    std::vector<KeyChange> keys;
    std::string why;
};

struct ReloadResult {
    Values values;
    std::vector<VmPlan> plans;
};

}  // namespace apiary::ctl
