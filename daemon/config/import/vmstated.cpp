// vmstated: its folder is read as the daemon itself reads one, and what came of it is written down.
#include <string>
#include <utility>

#include "config/import/sheet.hpp"
#include "config/load.hpp"

namespace apiary::config {

namespace {

class Vmstated {
public:
    explicit Vmstated(ImportOptions const& options) : options_{options} { sheet_.kind = ImportKind::vmstated; }

    auto run(std::string const& path) -> ImportResult {
        if (options_.load.vmstated == nullptr || options_.load.ucl == nullptr) {
            sheet_.error({path}, "this build cannot read the configuration of vmstated: libucl is missing");
            return finish_sheet(std::move(sheet_), options_);
        }
        LoadOptions options = options_.load;
        options.vmstated_folders = {path};
        options.host = &any_host();
        options.default_backend = BackendKind::bhyve;
        options.backend_faults = {};  // asked later, of what will be written
        LoadResult const loaded = load_paths({}, options);
        for (LoadResult::File const& file : loaded.files) {
            if (!file.dropped) {
                sheet_.sources.push_back(file.name);
            }
        }
        for (DefinitionPtr const& definition : loaded.definitions) {
            vm(*definition);
        }
        tell(loaded);
        if (sheet_.vms.empty() && sheet_.errors.empty()) {
            sheet_.error({path}, "there is no VM here: no file */config with one");
        }
        sheet_.preface = {
            "The daemon can read the folder as it is, too: apiaryd --vmstated " + path,
            "Do not run vmstated and this daemon with the same VMs at a time.",
        };
        return finish_sheet(std::move(sheet_), options_);
    }

private:
    void vm(Definition const& definition) {
        VmSheet& sheet = sheet_.vms.emplace_back();
        sheet.name = definition.name;
        sheet.at = {definition.origin.file(), definition.origin.line};
        for (Setting const& setting : definition.settings) {
            for (std::size_t i = 0; setting.key != "name" && i < setting.values.size(); ++i) {
                Place at;
                if (i < setting.origins.size()) {
                    at = {setting.origins[i].file(), setting.origins[i].line};
                }
                sheet.set(setting.key, setting.values[i], std::move(at), setting.key);
            }
        }
    }

    void tell(LoadResult const& loaded) {
        for (Diagnostic const& diagnostic : loaded.diagnostics) {
            if (diagnostic.severity == Severity::error) {
                sheet_.errors.push_back(diagnostic);
                continue;
            }
            auto const of_vm = [&] {
                for (VmSheet& vm : sheet_.vms) {
                    if (vm.name == diagnostic.vm) {
                        return &vm.notes;
                    }
                }
                return &sheet_.notes;
            };
            of_vm()->push_back({{diagnostic.file, diagnostic.line}, diagnostic.key, diagnostic.message});
        }
    }

    ImportOptions const& options_;
    Sheet sheet_;
};

}  // namespace

auto import_vmstated(std::string const& path, ImportOptions const& options) -> ImportResult {
    return Vmstated{options}.run(path);
}

}  // namespace apiary::config
