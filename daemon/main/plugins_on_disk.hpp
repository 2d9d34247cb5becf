// The plugins that a daemon would find, for programs that only read the configuration.
#pragma once

#include <string>
#include <vector>

#include "main/configuration.hpp"
#include "plugin/inspect.hpp"

namespace apiary {

class PluginsOnDisk {
public:
    explicit PluginsOnDisk(Options const& options);
    // That of the configuration, after those of the command line. True: it is another one.
    [[nodiscard]] auto add_folder(std::string const& folder) -> bool;
    [[nodiscard]] auto found() const -> std::vector<plugin::FoundPlugin> const& { return found_; }
    [[nodiscard]] auto remarks() const -> std::vector<std::string>;  // what is wrong with them, for people

private:
    void scan();
    bool session_;
    plugin::ScanRequest request_;
    plugin::Inspector inspector_;
    std::vector<plugin::FoundPlugin> found_;
    std::vector<std::string> remarks_;
};

[[nodiscard]] auto load_with_plugins(Configuration const& configuration, PluginsOnDisk& plugins,
                                     config::GlobalVariables const& before) -> config::LoadResult;

}  // namespace apiary
