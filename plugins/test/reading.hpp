// What the daemon would say of the settings of the VM, and of the plugin's keys: asked of apiary-config, which reads a
// configuration as the daemon does.
#pragma once

#include <string>
#include <vector>

#include "plugin/declaration.hpp"
#include "plugins/test/options.hpp"

namespace apiary::plugin_test {

struct Reading {
    std::vector<std::string> key_faults;      // the plugin cannot be used for these
    std::vector<std::string> setting_faults;  // the VM cannot have these settings
    std::vector<std::string> remarks;         // about keys of Apiary's own: the plugin may be tried all the same
    std::string trouble;                      // nobody could be asked
};
[[nodiscard]] auto read_as_the_daemon(Options const& options, plugin::Declaration const& declared) -> Reading;

}  // namespace apiary::plugin_test
