// Keys of the VM's devices.
#include "config/draft.hpp"
#include "config/fields.hpp"
#include "config/keys_core.hpp"
#include "config/setters.hpp"

namespace apiary::config {

namespace {

template <unsigned Port>
auto set_port(Draft& draft, Assignment& a) -> ValueFault {
    return set_com(draft, a, Port);
}

auto set_hostbridge(Draft& draft, Assignment& a) -> ValueFault {
    constexpr HostBridge kinds[] = {HostBridge::none, HostBridge::standard, HostBridge::standard, HostBridge::amd};
    draft.vm.hostbridge = kinds[a.word];
    return std::nullopt;
}

auto set_random(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.virt_random = a.flag;
    return std::nullopt;
}

auto set_mouse(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.graphics.xhci_mouse = a.flag;
    return std::nullopt;
}

auto set_wait(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.graphics.wait = a.flag;
    return std::nullopt;
}

auto set_console_controllers(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.virt_console.controllers = static_cast<unsigned>(a.number);
    return std::nullopt;
}

auto set_console_ports(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.virt_console.ports = static_cast<unsigned>(a.number);
    return std::nullopt;
}

auto com_key(char const* name, char const* alias, Setter set) -> KeySpec {
    KeySpec key{.name = name,
                .doc = "serial port: auto, a device or \"tcp=ADDRESS:PORT\"",
                .trust = TrustRule::guarded,
                .set = set};
    if (alias != nullptr) {
        key.aliases.emplace_back(alias);
    }
    return key;
}

auto storage_keys() -> std::vector<KeySpec> {
    using D = Definition;
    return {
        {.name = "disk",
         .list = true,
         .doc = "[ahci:|virtio-blk:|nvme:][nocache:][direct:][readonly:][nodelete:][noexist:]PATH",
         .trust = TrustRule::opened,
         .set = set_disk,
         .clear = clear_list<&D::disks>},
        {.name = "iso",
         .list = true,
         .doc = "[ahci-cd:][noexist:]PATH of an optical disc",
         .trust = TrustRule::opened,
         .set = set_iso,
         .clear = clear_list<&D::isos>},
        {.name = "sharefs",
         .list = true,
         .doc = "\"[readonly:]NAME=PATH\": a folder of the host for the VM",
         .trust = TrustRule::root_only,
         .why = "the VM would reach the folder with the daemon's rights",
         .set = set_sharefs,
         .clear = clear_list<&D::shares>},
        {.name = "network",
         .list = true,
         .doc = "[e1000:|virtio-net:][wol:][[MAC]:]BRIDGE, or none, or user in place of BRIDGE",
         .trust = TrustRule::guarded,
         .set = set_network,
         .clear = clear_list<&D::nics>},
        {.name = "passthru",
         .list = true,
         .doc = "BUS/SLOT/FUNCTION or pptN: a PCI device of the host",
         .trust = TrustRule::root_only,
         .why = "it takes a device away from the host",
         .set = set_passthru,
         .clear = clear_list<&D::passthru>},
        {.name = "hda",
         .list = true,
         .doc = "PLAY_DEVICE[:RECORD_DEVICE] of the host's sound",
         .trust = TrustRule::root_only,
         .why = "it opens a device of the host",
         .set = set_hda,
         .clear =
             [](Draft& draft) {
                 draft.vm.sounds.clear();
                 draft.sound_marks.clear();
             }},
        {.name = "tpm",
         .doc = "[passthru:|swtpm:]DEVICE[:VERSION]",
         .trust = TrustRule::root_only,
         .why = "it opens a device of the host",
         .set = set_tpm},
    };
}

auto console_keys() -> std::vector<KeySpec> {
    return {
        com_key("com1", "comport", set_port<0>),
        com_key("com2", nullptr, set_port<1>),
        com_key("com3", nullptr, set_port<2>),
        com_key("com4", nullptr, set_port<3>),
        {.name = "virt_console_ncontrollers",
         .aliases = {"vconsole_nc"},
         .type = KeyType::integer,
         .fallback = "0",
         .doc = "number of virtio-console devices",
         .least = 0,
         .most = 16,
         .set = set_console_controllers},
        {.name = "virt_console_nports",
         .aliases = {"vconsole_np"},
         .type = KeyType::integer,
         .fallback = "0",
         .doc = "ports of each virtio-console device",
         .least = 0,
         .most = 16,
         .set = set_console_ports},
        {.name = "virt_console_template",
         .aliases = {"vconsole_tmpl"},
         .fallback = "virt_console%n=/var/run/vc-NAME%n.sock",
         .doc = "PORT[=SOCKET]; %c controller, %p port, %n number, %r random",
         .trust = TrustRule::root_only,
         .why = "sockets are made with the daemon's rights",
         .set = set_virt_console_template},
        {.name = "hostbridge",
         .type = KeyType::word,
         .fallback = "standard",
         .doc = "the PCI host bridge",
         .words = {"none", "standard", "intel", "amd"},
         .fold_words = true,
         .set = set_hostbridge},
        {.name = "virt_random",
         .type = KeyType::boolean,
         .fallback = "no",
         .doc = "a virtio random number device",
         .set = set_random},
    };
}

auto graphics_keys() -> std::vector<KeySpec> {
    return {
        {.name = "graphics",
         .type = KeyType::boolean,
         .fallback = "no; yes where a graphics_ key is set",
         .doc = "a screen, reached by VNC",
         .set = set_graphics},
        {.name = "graphics_listen",
         .fallback = "0.0.0.0",
         .doc = "address for VNC",
         .trust = TrustRule::guarded,
         .set = set_graphics_listen},
        {.name = "graphics_port",
         .type = KeyType::integer,
         .fallback = "5900",
         .doc = "port for VNC",
         .trust = TrustRule::guarded,
         .least = 1,
         .most = 65535,
         .set = set_graphics_port},
        {.name = "graphics_path",
         .type = KeyType::path,
         .doc = "socket for VNC in place of address and port",
         .trust = TrustRule::opened,
         .set = set_graphics_path},
        {.name = "graphics_password", .doc = "password for VNC", .secret = true, .set = set_graphics_password},
        {.name = "graphics_res", .fallback = "1024x768", .doc = "WIDTHxHEIGHT of the screen", .set = set_graphics_res},
        {.name = "graphics_vga", .fallback = "io", .doc = "VGA mode: io, on or off", .set = set_graphics_vga},
        {.name = "graphics_wait",
         .type = KeyType::boolean,
         .fallback = "no",
         .doc = "boot only when a viewer is there",
         .set = set_wait},
        {.name = "xhci_mouse",
         .type = KeyType::boolean,
         .fallback = "no",
         .doc = "a USB tablet as pointer",
         .set = set_mouse},
        {.name = "keymap", .doc = "keyboard layout for VNC", .trust = TrustRule::guarded, .set = set_keymap},
    };
}

}  // namespace

auto device_keys() -> std::vector<KeySpec> {
    std::vector<KeySpec> keys = storage_keys();
    for (auto const& group : {console_keys(), graphics_keys()}) {
        keys.insert(keys.end(), group.begin(), group.end());
    }
    return keys;
}

}  // namespace apiary::config
