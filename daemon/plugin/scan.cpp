#include "plugin/scan.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "plugin/state_folder.hpp"

namespace apiary::plugin {

void judge_keys(std::vector<FoundPlugin>& plugins, ScanRequest const& request) {
    std::map<std::string, std::string> taken;  // key -> plugin
    for (auto const& one : plugins) {
        for (auto const& key : one.declaration&& one.fault.empty() ? one.declaration->keys : std::vector<Key>{}) {
            auto const holder = request.holders.find(key.name);
            if (holder != request.holders.end() && holder->second == one.file.name) {
                taken.emplace(key.name, one.file.name);
            }
        }
    }
    for (auto& one : plugins) {
        if (!one.declaration || !one.fault.empty()) {
            continue;
        }
        for (auto const& key : one.declaration->keys) {
            auto const built_in = request.key_owner ? request.key_owner(key.name) : std::nullopt;
            auto const other = taken.find(key.name);
            if (built_in && *built_in != one.file.name) {
                one.fault =
                    "its key " + key.name + " is taken: " +
                    (built_in->empty() ? "Apiary has one of that name" : "it is the plugin " + *built_in + "'s");
            } else if (other != taken.end() && other->second != one.file.name) {
                one.fault = "its key " + key.name + " is taken: the plugin " + other->second + " declares it, too";
            }
        }
        for (auto const& key : one.declaration->keys) {
            if (one.fault.empty()) {
                taken.emplace(key.name, one.file.name);
            }
        }
    }
}

auto scan_plugins(ScanRequest const& request, Inspector& inspector) -> Scan {
    Scan scan;
    std::vector<PluginFile> files;
    for (auto const& folder : request.folders) {
        auto found = scan_folder(folder, request.user);
        if (!found.fault.empty()) {
            scan.remarks.push_back(std::move(found.fault));
        }
        for (auto& file : found.files) {
            auto const other =
                std::ranges::find_if(files, [&file](PluginFile const& one) { return one.name == file.name; });
            if (other != files.end()) {
                scan.remarks.push_back("the plugin " + file.path + " is not used: there is " + other->path);
            } else if (files.size() < max_plugins) {
                files.push_back(std::move(file));
            }
        }
    }
    std::ranges::sort(files, {}, &PluginFile::name);
    auto described = inspector.describe(files);
    for (std::size_t i = 0; i < files.size(); ++i) {
        FoundPlugin one{.file = std::move(files[i]),
                        .declaration = std::move(described[i].declaration),
                        .fault = std::move(described[i].fault),
                        .disabled = std::nullopt};
        if (!is_plugin_name(one.file.name)) {
            scan.remarks.push_back(one.file.path + " " + one.file.fault);
            continue;
        }
        if (!one.file.fd) {
            one.fault = "its file " + one.file.path + " " + one.file.fault;
        }
        if (!request.state_root.empty()) {
            StateFolder const folder{request.state_root, one.file.name};
            one.disabled = folder.disabled();
            if (one.declaration && one.fault.empty()) {
                one.fault = folder.prepare(one.declaration->user);
            }
        }
        scan.plugins.push_back(std::move(one));
    }
    judge_keys(scan.plugins, request);
    return scan;
}

}  // namespace apiary::plugin
