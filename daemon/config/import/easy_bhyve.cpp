// easy-bhyve: VMs out of the variables of its configuration files.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/characters.hpp"
#include "config/import/input.hpp"
#include "config/import/sheet.hpp"
#include "config/import/shell.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr std::string_view common = "easy-bhyve.conf", host_prefix = "easy-bhyve-", conf_suffix = ".conf";

// Variables that are about all VMs, or about the script itself.
constexpr std::array<std::string_view, 14> general{"bridge",  "netif",     "volroot",      "cpu",           "mem",
                                                   "ebdir",   "ebprog",    "ebprog_setup", "snapshot_item", "zvol_opt",
                                                   "do_sudo", "do_daemon", "commands",     "commands_zfs"};

auto short_host_name() -> std::string {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) {
        return {};
    }
    std::string const full = name.data();
    return full.substr(0, full.find('.'));
}

class EasyBhyve {
public:
    explicit EasyBhyve(ImportOptions const& options) : options_{options}, input_{sheet_, options} {
        sheet_.kind = ImportKind::easy_bhyve;
    }

    auto run(std::string const& path) -> ImportResult {
        bool const read = read_files(path);
        if (read) {
            find_vms(path);
            preface();
            leftovers();
        }
        return finish_sheet(std::move(sheet_), options_);
    }

private:
    auto read_files(std::string const& path) -> bool {
        std::vector<std::string> files;
        if (auto const names = input_.list(path)) {
            choose(path, *names, files);
            if (files.empty()) {
                sheet_.error({path}, "there is neither easy-bhyve.conf nor easy-bhyve-" + host_name() + ".conf here");
            }
        } else {
            files.push_back(path);
            auto const slash = path.rfind('/');
            std::string const folder = path.substr(0, slash + 1), name = path.substr(slash + 1);
            std::string const before = folder + std::string{common};
            if (name.starts_with(host_prefix) && input_.list(folder.empty() ? "." : folder) &&
                in_folder(folder, common)) {
                files.insert(files.begin(), before);
            }
        }
        for (std::string const& file : files) {
            FileText const* const text = input_.read(file);
            if (text == nullptr) {
                return false;
            }
            variables_.read(
                *text, [this](Place at, std::string message) { sheet_.note(std::move(at), {}, std::move(message)); });
        }
        return !files.empty();
    }

    auto in_folder(std::string const& folder, std::string_view name) -> bool {
        auto const names = input_.list(folder.empty() ? "." : folder);
        return names && std::find(names->begin(), names->end(), name) != names->end();
    }

    // The common file first, then that of this host, as easy-bhyve does.
    void choose(std::string const& path, std::vector<std::string> const& names, std::vector<std::string>& files) {
        std::string const folder = path.ends_with('/') ? path : path + '/';
        std::string const own = std::string{host_prefix} + host_name() + std::string{conf_suffix};
        for (std::string const& name : names) {
            if (name == common || name == own) {
                files.push_back(folder + name);
            } else if (name.starts_with(host_prefix) && name.ends_with(conf_suffix)) {
                sheet_.note({folder + name}, {}, "this is for another host: name the file itself to import it");
            }
        }
        std::sort(files.begin(), files.end(),
                  [&](auto const& a, auto const&) { return a == folder + std::string{common}; });
    }

    [[nodiscard]] auto host_name() const -> std::string {
        return options_.host_name.empty() ? short_host_name() : options_.host_name;
    }

    void find_vms(std::string const& path) {
        constexpr std::string_view ending = "_id";
        for (ShellVariable& variable : variables_.all()) {
            if (!variable.name.ends_with(ending) || variable.name.size() == ending.size()) {
                continue;
            }
            taken_.insert(variable.name);
            if (variable.known && !parse_unsigned(variable.text)) {
                sheet_.note(variable.at, variable.name, "this is no number: not taken for a VM");
                continue;
            }
            if (sheet_.vms.size() == most_imported_vms) {
                sheet_.error(variable.at, "there are more than " + std::to_string(most_imported_vms) + " VMs");
                return;
            }
            vm_of(variable, variable.name.substr(0, variable.name.size() - ending.size()));
        }
        if (sheet_.vms.empty()) {
            sheet_.error({path}, "there is no VM: no variable NAME_id = NUMBER");
        }
    }

    void vm_of(ShellVariable const& id, std::string const& name) {
        VmSheet& vm = sheet_.vms.emplace_back();
        vm.name = name;
        vm.at = id.at;
        vm_ = &vm;
        machine(id);
        disks();
        discs();
        networks(id);
    }

    // A variable of the VM, or in its absence the one for all. Nothing: not set, or not known (of which there is a
    // note).
    auto value(std::string const& key, std::string const& fallback = {}) -> ShellVariable const* {
        for (std::string const& name : {vm_->name + '_' + key, fallback}) {
            ShellVariable const* const variable = name.empty() ? nullptr : variables_.find(name);
            if (variable == nullptr) {
                continue;
            }
            taken_.insert(name);
            if (!variable->known) {
                vm_->note(variable->at, name, "not carried over: " + variable->why + "; write the value itself");
                return nullptr;
            }
            if (!variable->text.empty()) {
                return variable;
            }
        }
        return nullptr;
    }

    void copy(std::string const& key, std::string const& source, std::string const& fallback = {}) {
        if (auto const* const found = value(source, fallback)) {
            vm_->set(key, found->text, found->at, found->name);
        }
    }

    void machine(ShellVariable const& id) {
        auto const* const freebsd = value("freebsd");
        bool const bhyveload = freebsd != nullptr && freebsd->text == "YES";
        vm_->set("loader", bhyveload ? "bhyveload" : "grub", id.at);
        if (auto const* const memory = value("mem", "mem")) {
            vm_->set("memory", memory->text, memory->at, memory->name);
        } else if (!is_set("mem")) {
            vm_->set("memory", "512M", {}, {}, "easy-bhyve's default");
        }
        processors();
        vm_->set("com1", "auto", {}, {}, "was /dev/nmdm" + (id.known ? id.text : "?") + "B");
        if (!bhyveload) {
            copy("grub_run_partition", "grub_bootpart");
            copy("loadcmd", value_or("grub_bootcmd", "grub_boot"));
            copy("installcmd", value_or("grub_install", "grub_inst"));
        }
    }

    // Said at all, for the VM or for all?
    auto is_set(std::string const& key) -> bool {
        return variables_.find(vm_->name + '_' + key) != nullptr || variables_.find(key) != nullptr;
    }

    // Earlier versions had shorter names.
    auto value_or(std::string const& key, std::string const& old) -> std::string {
        return variables_.find(vm_->name + '_' + key) == nullptr && variables_.find(vm_->name + '_' + old) != nullptr
                   ? old
                   : key;
    }

    void processors() {
        if (is_set("cpu")) {
            copy("ncpu", "cpu", "cpu");
        } else if (unsigned const cpus = options_.load.host->cpus(); cpus > 0) {
            vm_->set("ncpu", std::to_string((cpus + 1) / 2), {}, {}, "easy-bhyve's default: half of the host's");
        }
    }

    void disks() {
        if (auto const first = first_disk(); !first.second.empty()) {
            vm_->set("disk", first.second, first.first != nullptr ? first.first->at : Place{},
                     first.first != nullptr ? first.first->name : std::string{});
        }
        unsigned number = 1;
        while (auto const* const disk = value("hd" + std::to_string(number))) {
            vm_->set("disk", disk->text, disk->at, disk->name);
            ++number;
        }
        after_gap("hd", number, {});
    }

    // hd0, else the volume of the VM, else the file of its name.
    auto first_disk() -> std::pair<ShellVariable const*, std::string> {
        std::string const own = vm_->name + "_hd0";
        if (ShellVariable const* const disk = value("hd0"); disk != nullptr || variables_.find(own) != nullptr) {
            value("zvol");  // for snapshots alone then
            return {disk, disk != nullptr ? disk->text : std::string{}};
        }
        auto const* const root = variables_.find("volroot");
        if (root != nullptr) {
            taken_.insert("volroot");
        }
        bool const files = root != nullptr && root->known && root->text.starts_with('/');
        if (auto const* const volume = value("zvol"); volume != nullptr && !files) {
            return {volume, "/dev/zvol/" + volume->text};
        }
        if (root == nullptr || !root->known || root->text.empty()) {
            vm_->note(vm_->at, "volroot", "its disk is not known: set disk = PATH;");
            return {};
        }
        return {root, (files ? "" : "/dev/zvol/") + root->text + '/' + vm_->name};
    }

    void discs() {
        if (auto const* const disc = value("cd0")) {
            vm_->set("iso", "noexist:" + disc->text, disc->at, disc->name, "easy-bhyve: for the installation alone");
        }
    }

    void networks(ShellVariable const& id) {
        unsigned number = 0;
        while (true) {
            std::string const key = "if" + std::to_string(number);
            auto const* const tap = value(key);
            if (number > 0 && tap == nullptr) {
                break;
            }
            bool const usual = tap == nullptr || (id.known && tap->text == "tap" + id.text);
            std::string const remark = usual ? "" : "was " + tap->text;
            if (auto const* const bridge = value(key + "_bridge", "bridge")) {
                vm_->set("network", bridge->text, bridge->at, bridge->name, remark);
            } else {
                vm_->set("network", "none", {}, key, remark);
                vm_->note(vm_->at, key + "_bridge", "its bridge is not known: name it in place of none");
            }
            ++number;
        }
        after_gap("if", number, "_bridge");
    }

    // easy-bhyve counts to the first that is missing.
    void after_gap(std::string const& key, unsigned next, std::string const& other) {
        constexpr unsigned most = 32;
        for (unsigned number = next; number < next + most; ++number) {
            for (std::string const& ending : {std::string{}, other}) {
                std::string name = vm_->name;
                name.append("_").append(key).append(std::to_string(number)).append(ending);
                if (auto const* const variable = variables_.find(name);
                    variable != nullptr && taken_.insert(name).second) {
                    vm_->note(variable->at, name,
                              "not carried over: easy-bhyve does not use it either, for " + key + std::to_string(next) +
                                  " is not set");
                }
            }
        }
    }

    void preface() {
        auto const* const bridge = variables_.find("bridge");
        auto const* const card = variables_.find("netif");
        std::string const bridge_name = bridge != nullptr && bridge->known ? bridge->text : "bridge0";
        std::string const card_name = card != nullptr && card->known ? card->text : "em0";
        sheet_.preface = {
            "Bridges are not made by the daemon: they must be there when it starts. In /etc/rc.conf:\n"
            "    cloned_interfaces=\"" +
                bridge_name + "\"\n    ifconfig_" + bridge_name + "=\"addm " + card_name + " up\"",
            "Taps are made and named by the daemon. The places of devices are others, so cards get other MAC "
            "addresses: "
            "network = \"[MAC]:BRIDGE\" keeps one.",
            "The console, in place of cu -l /dev/nmdmNB, is: apiaryctl console VM. A reboot of the guest is a reboot "
            "here; with easy-bhyve it ended the VM.",
        };
    }

    // What nobody has asked for.
    void leftovers() {
        for (ShellVariable const& variable : variables_.all()) {
            bool const known = std::find(general.begin(), general.end(), variable.name) != general.end();
            if (variable.used || taken_.contains(variable.name)) {
                continue;
            }
            if (variable.name == "zvol_opt" || variable.name == "snapshot_item") {
                sheet_.note(variable.at, variable.name,
                            "not carried over: volumes and snapshots are the business of zfs(8)");
            } else if (!variable.known && !variable.told) {
                sheet_.note(variable.at, variable.name, "not carried over: " + variable.why);
            } else if (variable.known && !known) {
                sheet_.note(variable.at, variable.name, "not carried over: it is no variable of easy-bhyve's");
            }
        }
    }

    ImportOptions const& options_;
    Sheet sheet_;
    Input input_;
    ShellVariables variables_;
    std::set<std::string> taken_;
    VmSheet* vm_ = nullptr;
};

}  // namespace

auto import_easy_bhyve(std::string const& path, ImportOptions const& options) -> ImportResult {
    return EasyBhyve{options}.run(path);
}

}  // namespace apiary::config
