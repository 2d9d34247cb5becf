// The front of the import: which kind, and what it may leave out.
#include "config/import/import.hpp"

#include <array>
#include <utility>

#include "config/import/input.hpp"
#include "config/import/sheet.hpp"

namespace apiary::config {

namespace {

struct Kind {
    ImportKind kind;
    std::string_view word;
    ImportResult (*run)(std::string const&, ImportOptions const&);
};

constexpr std::array kinds{
    Kind{ImportKind::bmd, "bmd", import_bmd},
    Kind{ImportKind::vmstated, "vmstated", import_vmstated},
    Kind{ImportKind::easy_bhyve, "easy-bhyve", import_easy_bhyve},
    Kind{ImportKind::vm_bhyve, "vm-bhyve", import_vm_bhyve},
};

auto row_of(ImportKind kind) -> Kind const& {
    return kinds.at(static_cast<std::size_t>(kind));
}

}  // namespace

auto import_kind(std::string_view word) -> std::optional<ImportKind> {
    for (Kind const& kind : kinds) {
        if (kind.word == word) {
            return kind.kind;
        }
    }
    return std::nullopt;
}

auto to_string(ImportKind kind) -> std::string_view {
    return row_of(kind).word;
}

auto import_configuration(ImportKind kind, std::string const& path, ImportOptions options) -> ImportResult {
    SystemAccounts const accounts;
    SystemHost const host;
    if (options.load.accounts == nullptr) {
        options.load.accounts = &accounts;
    }
    if (options.load.host == nullptr) {
        options.load.host = &host;
    }
    return row_of(kind).run(full_path(path), options);
}

}  // namespace apiary::config
