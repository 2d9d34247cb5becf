// Files of root and of two users, made up, to definitions: includes, templates, variables, arithmetic, keys.
//
// Besides crashes it looks for broken promises: two loads of the same files say the same; a user's wish never becomes
// root's word; what is dropped is told of.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "accounts.hpp"
#include "config/load.hpp"
#include "files.hpp"

namespace {

using namespace apiary;

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

auto load(fuzz::Files& files) -> config::LoadResult {
    fuzz::Accounts const accounts;
    fuzz::Host const host;
    config::LoadOptions options;
    options.accounts = &accounts;
    options.host = &host;
    options.default_backend = BackendKind::bhyve;
    options.files = &files;
    return config::load_paths({"/c/0.conf"}, options);
}

// A path that was written in a user's file is never one that root has vouched for.
void require_distrust(fuzz::Files const& files, Setting const& setting, std::size_t index, HostPath const& path) {
    if (index < setting.origins.size()) {
        uid_t const writer = files.owner_of(setting.origins[index].file());
        require(writer == 0 || !path.trusted);
    }
}

void check(fuzz::Files const& files, Definition const& definition) {
    require(!name_fault(definition.name));
    require(same_settings(definition, definition));
    bool const of_user = definition.file_owner != 0;
    require(files.owner_of(definition.origin.file()) == definition.file_owner);
    for (auto const& setting : definition.settings) {
        require(!setting.values.empty() && setting.values.size() == setting.origins.size());
        for (auto const& origin : setting.origins) {
            uid_t const writer = files.owner_of(origin.file());
            require(writer == 0 || writer == definition.file_owner);  // nobody else's templates
        }
        if (setting.key == "disk" && setting.values.size() == definition.disks.size()) {
            for (std::size_t i = 0; i < definition.disks.size(); ++i) {
                require_distrust(files, setting, i, definition.disks[i].path);
            }
        }
    }
    // What can change the host is root's word alone.
    for (auto const* const key : {"passthru", "bhyve_env", "bhyveload_env", "bhyveload_loader", "debug_port"}) {
        for (auto const& setting : definition.settings) {
            if (setting.key == key) {
                for (auto const& origin : setting.origins) {
                    require(!of_user || files.owner_of(origin.file()) == 0);
                }
            }
        }
    }
}

}  // namespace

extern "C" auto LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) -> int {
    std::string_view const input{reinterpret_cast<char const*>(data), size};
    fuzz::Files files{input};
    auto const first = load(files);
    auto const second = load(files);
    require(first.ok == second.ok && first.diagnostics == second.diagnostics);
    require(first.definitions.size() == second.definitions.size());
    require(first.ok || !first.diagnostics.empty());
    std::set<std::string> names;
    for (std::size_t i = 0; i < first.definitions.size(); ++i) {
        check(files, *first.definitions[i]);
        require(same_settings(*first.definitions[i], *second.definitions[i]));
        require(names.insert(name_key(first.definitions[i]->name)).second);
    }
    for (auto const& diagnostic : first.diagnostics) {
        require(!format(diagnostic).empty());
    }
    return 0;
}
