// vm-bhyve: processors, memory, how a VM boots, and what is left over.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "config/import/vm_bhyve.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

void loader(VmBhyveGuest& guest) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> loaders{{{"bhyveload", "bhyveload"},
                                                                                    {"grub", "grub"},
                                                                                    {"uefi", "uefi"},
                                                                                    {"uefi-csm", "csm"},
                                                                                    {"uefi-devel", "uefi"},
                                                                                    {"uefi-custom", "uefi"}}};
    auto const word = guest.file.get("loader");
    auto const known = std::find_if(loaders.begin(), loaders.end(), [&](auto const& row) { return row.first == word; });
    guest.set("loader", known != loaders.end() ? known->second : word, "loader");
    if (word == "uefi-devel" || word == "uefi-custom") {
        guest.note("loader", "its firmware is not carried over: the usual one is taken");
    }
    if (guest.file.yes("uefi_vars")) {
        guest.note("uefi_vars", "the daemon keeps UEFI variables by itself; what is in " + guest.folder() +
                                    "uefi-vars.fd (boot entries) is not carried over");
    }
}

// vm-bhyve lets the loader wait so long for a key; here loader_timeout is how long it may take altogether.
void loader_timeout(VmBhyveGuest& guest) {
    constexpr std::uint64_t usual = 15, most_that_fits = 5, longest = 100'000;
    auto const text = guest.file.get("loader_timeout");
    auto const loader = guest.file.get("loader");
    if (text.empty() || loader.starts_with("uefi")) {
        return;
    }
    auto const seconds = parse_unsigned(text);
    if (!seconds || *seconds > longest) {
        guest.note("loader_timeout", "not carried over: no number of seconds");
        return;
    }
    if (loader == "bhyveload") {
        guest.set("bhyveload_env", "autoboot_delay=" + std::string{text}, "loader_timeout");
    } else {
        guest.note("loader_timeout", "not carried over: how long grub waits is said in the guest's grub.cfg");
    }
    if (*seconds > most_that_fits) {
        guest.set("loader_timeout", std::to_string(*seconds + usual), "loader_timeout", "for the loader altogether");
    }
}

void bhyveload(VmBhyveGuest& guest) {
    guest.copy("bhyveload_loader", "bhyveload_loader");
    auto const parts = split(guest.file.get("bhyveload_args"), ' ');
    std::string rest;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i] == "-e" && i + 1 < parts.size()) {
            guest.set("bhyveload_env", parts[++i], "bhyveload_args");
        } else if (parts[i].starts_with("-e") && parts[i].size() > 2) {
            guest.set("bhyveload_env", parts[i].substr(2), "bhyveload_args");
        } else if (!parts[i].empty()) {
            rest += ' ' + std::string{parts[i]};
        }
    }
    if (!rest.empty()) {
        guest.note("bhyveload_args", "not carried over:" + rest);
    }
}

void commands(VmBhyveGuest& guest, std::string_view key, std::string const& source) {
    std::string all;
    for (unsigned number = 0;; ++number) {
        auto const command = guest.file.get(source + std::to_string(number));
        if (command.empty()) {
            break;
        }
        if (command != "boot") {  // it is added
            all += (all.empty() ? "" : "\n") + std::string{command};
        }
    }
    if (!all.empty()) {
        guest.set(key, all, source + "0");
    }
}

void grub(VmBhyveGuest& guest) {
    commands(guest, "loadcmd", "grub_run");
    commands(guest, "installcmd", "grub_install");
    guest.copy("grub_run_partition", "grub_run_partition");
    auto const folder = guest.file.get("grub_run_dir"), file = guest.file.get("grub_run_file");
    if (!folder.empty() || !file.empty()) {
        auto const partition = guest.file.get("grub_run_partition");
        std::string const command = "configfile (hd0," + std::string{partition.empty() ? "1" : partition} + ")" +
                                    std::string{folder.empty() ? "/boot/grub" : folder} + "/" +
                                    std::string{file.empty() ? "grub.cfg" : file};
        guest.note(folder.empty() ? "grub_run_file" : "grub_run_dir",
                   "not carried over: try loadcmd = \"" + command + "\"");
    }
}

// bhyve takes a bare number of processors for as many sockets.
void processors(VmBhyveGuest& guest) {
    auto const cpu = guest.file.get("cpu");
    std::string topology;
    std::uint64_t product = 1;
    bool told = false;
    for (std::string_view const key : {"cpu_sockets", "cpu_cores", "cpu_threads"}) {
        auto const text = guest.file.get(key);
        told = told || !text.empty();
        topology += (topology.empty() ? "" : ":") + std::string{text.empty() ? "1" : text};
        product *= std::min<std::uint64_t>(parse_unsigned(text.empty() ? "1" : text).value_or(0), 65536);
    }
    if (told && (cpu.empty() || parse_unsigned(cpu) == product)) {
        guest.set("ncpu", topology, cpu.empty() ? "cpu_sockets" : "cpu");
        return;
    }
    if (told) {
        guest.note("cpu_sockets", "not carried over: sockets, cores and threads do not make " + std::string{cpu});
    }
    guest.copy("ncpu", "cpu");
}

// bhyve takes 512MB for 512M.
void memory(VmBhyveGuest& guest) {
    auto text = guest.file.get("memory");
    bool const bytes = text.size() > 2 && (text.back() == 'b' || text.back() == 'B') &&
                       std::string_view{"kKmMgGtT"}.find(text[text.size() - 2]) != std::string_view::npos;
    text.remove_suffix(bytes ? 1 : 0);
    if (!text.empty()) {
        guest.set("memory", text, "memory");
    }
}

void hostbridge(VmBhyveGuest& guest) {
    auto const word = guest.file.get("hostbridge");
    if (word.starts_with("no")) {
        guest.set("hostbridge", "none", "hostbridge");
    } else if (word == "amd") {
        guest.set("hostbridge", "amd", "hostbridge");
    }
}

void ends(VmBhyveGuest& guest) {
    if (auto const word = guest.file.get("on_restart"); !word.empty() && word != "restart") {
        guest.note("on_restart",
                   "not carried over: boot = oneshot makes a reboot of the guest end the VM, and starts it "
                   "with the daemon");
    }
    if (guest.file.get("on_fault") == "restart") {
        guest.note("on_fault", "not carried over: a VM that crashes stays failed until somebody starts it");
    }
}

}  // namespace

void import_machine(VmBhyveGuest& guest) {
    loader(guest);
    memory(guest);
    processors(guest);
    hostbridge(guest);
    if (guest.file.yes("wired_memory")) {
        guest.set("wired_memory", "yes", "wired_memory");
    }
    if (!guest.file.yes("utctime", true)) {
        guest.set("utctime", "no", "utctime");
    }
    auto const word = guest.file.get("loader");
    if (word == "bhyveload") {
        bhyveload(guest);
    } else if (word == "grub") {
        grub(guest);
    }
    loader_timeout(guest);
    ends(guest);
    import_options(guest);
}

namespace {

struct Reason {
    std::string_view key;  // with the number left out where it has one
    std::string_view message;
};

// What vm-bhyve knows and nothing here corresponds to. An empty message: nothing is lost without it.
constexpr std::array reasons{
    Reason{"guest", ""},
    Reason{"template", ""},
    Reason{"ignore_bad_msr", ""},  // always so, there and here
    Reason{"ignore_msr", ""},
    Reason{"disk#_size", ""},  // for new VMs alone
    Reason{"zfs_dataset_opts", ""},
    Reason{"zfs_zvol_opts", ""},
    Reason{"graphics_wait", ""},
    Reason{"bhyveload_loader", "not carried over: for loader bhyveload alone"},
    Reason{"bhyveload_args", "not carried over: for loader bhyveload alone"},
    Reason{"grub_run#", "not carried over: for loader grub alone"},
    Reason{"grub_install#", "not carried over: for loader grub alone"},
    Reason{"grub_run_partition", "not carried over: for loader grub alone"},
    Reason{"grub_run_dir", "not carried over: for loader grub alone"},
    Reason{"grub_run_file", "not carried over: for loader grub alone"},
    Reason{"uuid", "not carried over: the guest will see another UUID of its machine"},
    Reason{"debug", "not carried over: what bhyve prints is always in the VM's log"},
    Reason{"ahci_device_limit", "not carried over: the daemon places devices itself"},
    Reason{"start_slot", "not carried over: the daemon places devices itself"},
    Reason{"install_slot", "not carried over: the daemon places devices itself"},
    Reason{"nulliso_fix", "not carried over: an iso = FILE; would do the same"},
    Reason{"prestart",
           "not carried over: hooks get other arguments here (the VM's name and its state), and need a plugin"},
    Reason{"priority", "not carried over: see renice(8)"},
    Reason{"limit_pcpu", "not carried over: see rctl(8)"},
    Reason{"limit_rbps", "not carried over: see rctl(8)"},
    Reason{"limit_wbps", "not carried over: see rctl(8)"},
    Reason{"limit_riops", "not carried over: see rctl(8)"},
    Reason{"limit_wiops", "not carried over: see rctl(8)"},
    Reason{"disk#_type", "not carried over: vm-bhyve does not use it either, for a disk before it is not complete"},
    Reason{"disk#_name", "not carried over: vm-bhyve does not use it either, for a disk before it is not complete"},
    Reason{"disk#_dev", "not carried over: it belongs to no disk"},
    Reason{"disk#_opts", "not carried over: it belongs to no disk"},
    Reason{"network#_type", "not carried over: vm-bhyve does not use it either, for one before it has no type"},
    Reason{"network#_switch", "not carried over: it belongs to no network"},
    Reason{"network#_mac", "not carried over: it belongs to no network"},
    Reason{"network#_device", "not carried over: it belongs to no network"},
    Reason{"network#_name", "not carried over: it belongs to no network"},
    Reason{"network#_span", "not carried over: it belongs to no network"},
    Reason{"graphics_port", "not carried over: graphics is off, or the loader is not uefi"},
    Reason{"graphics_listen", "not carried over: graphics is off, or the loader is not uefi"},
    Reason{"graphics_res", "not carried over: graphics is off, or the loader is not uefi"},
    Reason{"graphics_vga", "not carried over: graphics is off, or the loader is not uefi"},
    Reason{"vnc_password", "not carried over: graphics is off, or the loader is not uefi"},
    Reason{"sound_play", "not carried over: sound is off"},
    Reason{"sound_rec", "not carried over: sound is off"},
    Reason{"passthru#", "not carried over: vm-bhyve does not use it either, for one before it is not set"},
    Reason{"virt_console#", "not carried over: vm-bhyve does not use it either, for one before it is not set"},
};

// disk12_name -> disk#_name
auto without_number(std::string_view key) -> std::string {
    std::string out;
    for (char const c : key) {
        bool const digit = c >= '0' && c <= '9';
        if (!digit || !out.ends_with('#')) {
            out += digit ? '#' : c;
        }
    }
    return out;
}

}  // namespace

void import_leftovers(VmBhyveGuest& guest) {
    for (VmBhyveFile::Entry const& entry : guest.file.entries()) {
        if (entry.taken || entry.value.empty()) {
            continue;
        }
        std::string const key = without_number(entry.key);
        auto const reason =
            std::find_if(reasons.begin(), reasons.end(), [&](auto const& row) { return row.key == key; });
        if (reason == reasons.end()) {
            guest.note(entry.key, "not carried over: it is no key of vm-bhyve's");
        } else if (!reason->message.empty()) {
            guest.note(entry.key, std::string{reason->message});
        }
    }
}

}  // namespace apiary::config
