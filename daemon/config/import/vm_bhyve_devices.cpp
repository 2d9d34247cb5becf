// vm-bhyve: the devices of a VM.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "config/import/vm_bhyve.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

// Where the disk is. Empty: that cannot be said here.
auto disk_path(VmBhyveGuest& guest, std::string const& key, std::string_view name) -> std::string {
    auto const kind = guest.file.get(key + "_dev");
    if (kind == "custom") {
        return std::string{name};
    }
    if (kind == "iscsi") {
        guest.note(key + "_dev", "not carried over: the device of an iSCSI target is told by iscsictl -L");
        return {};
    }
    if (kind != "zvol" && kind != "sparse-zvol") {
        return guest.folder() + std::string{name};
    }
    if (guest.store.guessed) {
        guest.note(key + "_dev", "its ZFS dataset was guessed from the folder's path: see zfs list");
    }
    return "/dev/zvol/" + guest.store.dataset + '/' + guest.vm.name + '/' + std::string{name};
}

auto disk_options(VmBhyveGuest& guest, std::string const& key) -> std::string {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> flags{
        {{"direct", "direct"}, {"nocache", "nocache"}, {"ro", "readonly"}, {"nodelete", "nodelete"}}};
    std::string prefix;
    for (std::string_view const option : split(guest.file.get(key + "_opts"), ',')) {
        auto const flag =
            std::find_if(flags.begin(), flags.end(), [&](auto const& row) { return row.first == option; });
        if (flag != flags.end()) {
            prefix += std::string{flag->second} + ':';
        } else if (!option.empty()) {
            guest.note(key + "_opts", "not carried over: " + std::string{option});
        }
    }
    return prefix;
}

void disks(VmBhyveGuest& guest) {
    for (unsigned number = 0;; ++number) {
        std::string const key = "disk" + std::to_string(number);
        auto const name = guest.file.get(key + "_name"), type = guest.file.get(key + "_type");
        if (name.empty() || type.empty()) {
            if (!name.empty() || !type.empty()) {
                guest.note(name.empty() ? key + "_type" : key + "_name",
                           "not carried over: vm-bhyve wants both " + key + "_type and " + key + "_name");
            }
            return;
        }
        std::string const path = disk_path(guest, key, name), prefix = disk_options(guest, key);
        if (path.empty()) {
            continue;
        }
        if (type != "ahci-cd" && type != "ahci-hd" && type != "virtio-blk" && type != "nvme") {
            guest.note(key + "_type", "not carried over: there are no disks of the type " + quoted_text(type));
        } else if (type == "ahci-cd") {
            if (!prefix.empty() && prefix != "readonly:") {
                guest.note(key + "_opts", "not carried over: an optical disc has no options");
            }
            guest.set("iso", path, key + "_name");
        } else {
            guest.set("disk", (type == "virtio-blk" ? "" : std::string{type} + ':') + prefix + path, key + "_name");
        }
    }
}

void networks(VmBhyveGuest& guest) {
    for (unsigned number = 0;; ++number) {
        std::string const key = "network" + std::to_string(number);
        auto const type = guest.file.get(key + "_type");
        if (type.empty()) {
            return;
        }
        std::string text = type == "virtio-net" ? "" : std::string{type} + ':';
        if (auto const mac = guest.file.get(key + "_mac"); !mac.empty()) {
            text += '[' + std::string{mac} + "]:";
        } else {
            guest.note(key + "_type",
                       "it had no fixed MAC address and gets another one; network = \"[MAC]:BRIDGE\" keeps one");
        }
        auto const name = guest.file.get(key + "_switch");
        auto const found = guest.switches.find(name);
        if (!name.empty() && found.bridge.empty()) {
            guest.note(key + "_switch", "not carried over: " + quoted_text(name) + ": " + found.why +
                                            "; name its bridge in place of none");
        }
        guest.set("network", text + (name.empty() || found.bridge.empty() ? "none" : found.bridge), key + "_type");
        for (char const* const other : {"_device", "_name"}) {
            if (!guest.file.get(key + other).empty()) {
                guest.note(key + other, "not carried over: interfaces are made and named by the daemon");
            }
        }
        if (guest.file.yes(key + "_span")) {
            guest.note(key + "_span", "not carried over: the daemon makes ordinary members of a bridge");
        }
    }
}

void passthru(VmBhyveGuest& guest) {
    for (unsigned number = 0;; ++number) {
        std::string const key = "passthru" + std::to_string(number);
        auto const text = guest.file.get(key);
        if (text.empty()) {
            return;
        }
        auto const equals = text.find('=');
        if (equals != std::string_view::npos) {
            guest.note(key, "not carried over: its place in the guest, " + std::string{text.substr(equals + 1)} +
                                "; the daemon places devices itself");
        }
        guest.set("passthru", text.substr(0, equals), key);
    }
}

void ports(VmBhyveGuest& guest) {
    auto const text = guest.file.get("comports");
    std::vector<std::string_view> listed;
    for (std::string_view const port : split(text.empty() ? "com1" : text, ' ')) {
        if (!port.empty()) {
            listed.push_back(port);
        }
    }
    for (std::string_view const port : listed) {
        guest.set(port, "auto", "comports");
    }
    if (std::find(listed.begin(), listed.end(), "com1") == listed.end()) {
        guest.note("comports", "the console of apiaryctl console is com1");
    }
}

// Only the firmware of UEFI has a screen, and vm-bhyve leaves it out otherwise.
void screen(VmBhyveGuest& guest) {
    bool const uefi = guest.file.get("loader").starts_with("uefi");
    if (guest.file.yes("graphics") && !uefi) {
        guest.note("graphics", "not carried over: vm-bhyve has a screen with the loader uefi alone");
    }
    if (!guest.file.yes("graphics") || !uefi) {
        return;
    }
    guest.set("graphics", "yes", "graphics");
    guest.copy("graphics_listen", "graphics_listen");
    if (guest.file.get("graphics_port").empty()) {
        guest.set("graphics_port", guest.ports.next(), "graphics", "vm-bhyve: the first that is free");
    } else {
        guest.copy("graphics_port", "graphics_port");
    }
    guest.copy("graphics_res", "graphics_res");
    guest.copy("graphics_vga", "graphics_vga");
    guest.copy("graphics_password", "vnc_password");
    auto const wait = guest.file.get("graphics_wait");
    if (wait != "auto" && guest.file.yes("graphics_wait")) {
        guest.set("graphics_wait", "yes", "graphics_wait");
    }
}

void sound(VmBhyveGuest& guest) {
    if (!guest.file.yes("sound")) {
        return;
    }
    auto const play = guest.file.get("sound_play"), record = guest.file.get("sound_rec");
    guest.set("hda", std::string{play.empty() ? "/dev/dsp0" : play} + (record.empty() ? "" : ':' + std::string{record}),
              "sound");
}

void consoles(VmBhyveGuest& guest) {
    constexpr unsigned most = 16;
    std::vector<std::string> names;
    bool named = false;
    for (unsigned number = 0; number < most; ++number) {
        auto const text = guest.file.get("virt_console" + std::to_string(number));
        if (text.empty()) {
            break;
        }
        bool const plain = equal_fold(text, "yes") || equal_fold(text, "on") || text == "1";
        named = named || !plain;
        names.push_back(plain ? std::to_string(number) : std::string{text});
    }
    if (names.empty()) {
        return;
    }
    guest.set("virt_console_nports", std::to_string(names.size()), "virt_console0");
    if (names.size() == 1 && named && names.front().find_first_of("%= \t") == std::string::npos) {
        guest.set("virt_console_template", names.front() + '=' + guest.folder() + "vtcon." + names.front(),
                  "virt_console0");
        return;
    }
    guest.note("virt_console0", std::string{"its ports and sockets get other names: see virt_console_template"} +
                                    (named ? "; their names are not carried over" : ""));
}

}  // namespace

void import_devices(VmBhyveGuest& guest) {
    disks(guest);
    networks(guest);
    ports(guest);
    passthru(guest);
    if (guest.file.yes("virt_random")) {
        guest.set("virt_random", "yes", "virt_random");
    }
    screen(guest);
    if (guest.file.yes("xhci_mouse")) {
        guest.set("xhci_mouse", "yes", "xhci_mouse");
    }
    sound(guest);
    consoles(guest);
}

}  // namespace apiary::config
