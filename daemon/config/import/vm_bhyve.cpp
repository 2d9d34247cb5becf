// vm-bhyve: the folder of its VMs, its other datastores, and what rc.conf says of them.
#include "config/import/vm_bhyve.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "config/import/input.hpp"
#include "config/import/shell.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr std::string_view suffix = ".conf";

auto base_name(std::string_view path) -> std::string {
    return std::string{path.substr(path.rfind('/') + 1)};
}

auto parent(std::string_view path) -> std::string {
    auto const slash = path.rfind('/');
    return std::string{path.substr(0, slash == std::string_view::npos ? 0 : slash)};
}

class VmBhyve {
public:
    explicit VmBhyve(ImportOptions const& options) : options_{options}, input_{sheet_, options} {
        sheet_.kind = ImportKind::vm_bhyve;
    }

    auto run(std::string const& path) -> ImportResult {
        bool const one = path.ends_with(suffix) && !input_.list(path);
        std::string const folder = one ? parent(parent(path)) : path;
        stores_.push_back({folder, {}, false});
        system(folder);
        host(folder);
        dataset(stores_.front());
        if (one) {
            add(input_.read(path), base_name(path.substr(0, path.size() - suffix.size())), stores_.front());
        } else {
            datastores();
            for (VmBhyveStore const& store : stores_) {
                folder_of(store);
            }
        }
        convert();
        if (sheet_.vms.empty() && sheet_.errors.empty()) {
            sheet_.error({path}, "there is no VM here: no file NAME/NAME.conf");
        }
        preface();
        return finish_sheet(std::move(sheet_), options_);
    }

private:
    struct Source {
        VmBhyveFile file;
        VmBhyveStore const* store;
        std::string name;
    };

    auto report() -> VmBhyveFile::Report {
        return [this](Place at, std::string const& key, std::string message) {
            sheet_.note(std::move(at), key, std::move(message));
        };
    }

    void system(std::string const& folder) {
        if (auto const* const text = input_.read_if_there(folder + "/.config/system.conf")) {
            system_ = VmBhyveFile{*text, report()};
            switches_.read(system_, sheet_);
        }
    }

    // What rc.conf says is believed where it speaks of this folder.
    void host(std::string const& folder) {
        FileText const* const text = options_.rc_conf.empty() ? nullptr : input_.read_if_there(options_.rc_conf);
        if (text == nullptr) {
            return;
        }
        ShellVariables variables;
        variables.read(*text, [](Place const&, std::string const&) {});
        auto const value = [&](std::string_view name) {
            ShellVariable const* const variable = variables.find(name);
            return variable != nullptr && variable->known ? variable->text : std::string{};
        };
        constexpr std::string_view zfs = "zfs:";
        std::string const place = value("vm_dir");
        bool const in_zfs = place.starts_with(zfs);
        if (in_zfs ? base_name(place) != base_name(folder) : full_path(place) != folder) {
            if (!place.empty()) {
                sheet_.note({text->name}, "vm_dir", "not used: it speaks of another folder");
            }
            return;
        }
        if (in_zfs && stores_.front().dataset.empty()) {
            stores_.front().dataset = place.substr(zfs.size());
        }
        if (!equal_fold(value("vm_enable"), "yes")) {
            return;
        }
        started_ = words_of(value("vm_list"));
        delay_ = parse_unsigned(value("vm_delay")).value_or(2);
        started_at_ = variables.find("vm_list") != nullptr ? variables.find("vm_list")->at : Place{};
    }

    // A dataset is mounted at its own name, if nobody has said otherwise.
    void dataset(VmBhyveStore& store) const {
        if (!options_.zfs_dataset.empty()) {
            store.dataset = options_.zfs_dataset;
        } else if (store.dataset.empty()) {
            store.dataset = store.folder.substr(std::min<std::size_t>(1, store.folder.size()));
            store.guessed = true;
        }
    }

    void datastores() {
        constexpr std::string_view zfs = "zfs:";
        for (std::string const& name : words_of(system_.get("datastore_list"))) {
            std::string const key = "path_" + name;
            std::string const text{system_.get(key)};
            if (text.starts_with("iso:") || text.starts_with("img:")) {
                continue;
            }
            VmBhyveStore store{text, {}, false};
            if (text.starts_with(zfs)) {
                store.dataset = text.substr(zfs.size());
                store.folder = '/' + store.dataset;
            } else {
                dataset(store);
            }
            if (text.empty() || !input_.list(store.folder)) {
                sheet_.note(system_.place(key), key, "this datastore is not read: import its folder by itself");
                continue;
            }
            stores_.push_back(std::move(store));
        }
    }

    void folder_of(VmBhyveStore const& store) {
        auto const names = input_.list(store.folder);
        if (!names) {
            sheet_.error({store.folder}, "this folder cannot be read");
            return;
        }
        for (std::string const& name : *names) {
            std::string const path = store.folder + '/' + name;
            if (!name.starts_with('.') && input_.list(path)) {
                // A folder without this file is something else.
                std::string file = path;
                file.append("/").append(name).append(suffix);
                add(input_.read_if_there(file), name, store);
            }
        }
    }

    void add(FileText const* text, std::string name, VmBhyveStore const& store) {
        if (text == nullptr) {
            return;
        }
        if (sources_.size() == most_imported_vms) {
            sheet_.error({text->name}, "there are more than " + std::to_string(most_imported_vms) + " VMs");
            return;
        }
        sources_.push_back({VmBhyveFile{*text, report()}, &store, std::move(name)});
        ports_.reserve(sources_.back().file.peek("graphics_port"));
    }

    void convert() {
        for (Source& source : sources_) {
            VmSheet& vm = sheet_.vms.emplace_back();
            vm.name = source.name;
            vm.at = {source.file.place({}).file, 0};
            VmBhyveGuest guest{source.file, vm, *source.store, switches_, ports_};
            import_machine(guest);
            import_devices(guest);
            started(vm, source.file);
            import_leftovers(guest);
        }
    }

    // vm-bhyve starts those of vm_list one after the other.
    void started(VmSheet& vm, VmBhyveFile& file) {
        auto const found = std::find(started_.begin(), started_.end(), vm.name);
        if (found == started_.end()) {
            return;
        }
        auto const on_restart = file.get("on_restart");
        bool const ends = !on_restart.empty() && on_restart != "restart";
        vm.set("boot", ends ? "oneshot" : "yes", started_at_, "vm_list");
        auto const place = static_cast<std::uint64_t>(found - started_.begin());
        if (constexpr std::uint64_t longest = 100'000; place > 0 && delay_ > 0 && delay_ < longest) {
            vm.set("boot_delay", std::to_string(place * delay_), started_at_, "vm_delay");
        }
    }

    void preface() {
        sheet_.preface = {
            "Bridges are not made by the daemon. While vm-bhyve's rc script is enabled it goes on making them when the "
            "host starts; else, in /etc/rc.conf, such as:\n"
            "    cloned_interfaces=\"bridge0\"\n"
            "    ifconfig_bridge0_name=\"vm-public\"\n"
            "    ifconfig_vm_public=\"addm em0 up\"",
            "Take the VMs out of vm_list in /etc/rc.conf: no VM may be run by two managers at a time.",
        };
    }

    ImportOptions const& options_;
    Sheet sheet_;
    Input input_;
    VmBhyveFile system_;
    VmBhyveSwitches switches_;
    std::deque<VmBhyveStore> stores_;
    std::vector<Source> sources_;
    ScreenPorts ports_;
    std::vector<std::string> started_;
    Place started_at_;
    std::uint64_t delay_ = 0;
};

}  // namespace

auto import_vm_bhyve(std::string const& path, ImportOptions const& options) -> ImportResult {
    return VmBhyve{options}.run(path);
}

}  // namespace apiary::config
