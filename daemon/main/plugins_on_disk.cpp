#include "main/plugins_on_disk.hpp"

#include <algorithm>
#include <utility>

#include "main/paths.hpp"

namespace apiary {

PluginsOnDisk::PluginsOnDisk(Options const& options)
    : session_{options.session}, request_{plugin_request(options)}, inspector_{helper_path("apiary-plugin-host")} {
    scan();
}

auto PluginsOnDisk::add_folder(std::string const& folder) -> bool {
    if (folder.empty() || session_ || std::ranges::find(request_.folders, folder) != request_.folders.end()) {
        return false;
    }
    request_.folders.push_back(folder);
    scan();
    return true;
}

void PluginsOnDisk::scan() {
    auto scan = plugin::scan_plugins(request_, inspector_);
    found_ = std::move(scan.plugins);
    remarks_ = std::move(scan.remarks);
}

auto PluginsOnDisk::remarks() const -> std::vector<std::string> {
    auto all = remarks_;
    for (auto const& one : found_) {
        if (!one.fault.empty()) {
            all.push_back("plugin " + one.file.name + ": " + one.fault);
        }
    }
    return all;
}

auto load_with_plugins(Configuration const& configuration, PluginsOnDisk& plugins,
                       config::GlobalVariables const& before) -> config::LoadResult {
    auto result = configuration.load_with(plugins.found(), before);
    if (plugins.add_folder(result.globals.plugin_directory)) {
        result = configuration.load_with(plugins.found(), before);
    }
    return result;
}

}  // namespace apiary
