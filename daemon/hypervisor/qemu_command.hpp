// Definition -> command line of qemu-system-x86_64 (7.2 and later).
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "hypervisor/device_model.hpp"
#include "vm/supervisor.hpp"

namespace apiary::hypervisor {

struct QemuParts {
    Definition const& definition;
    std::vector<Contribution> const& contributions;
    std::string qemu;                   // absolute path of the executable
    std::string ovmf_code;              // firmware of `loader = uefi`
    bool kvm = false;                   // else TCG
    bool as_root = false;               // what the hypervisor runs as
    std::shared_ptr<UniqueFd> monitor;  // a listening socket
    std::shared_ptr<UniqueFd> console;  // a connected socket; null: no port is `auto`
    std::shared_ptr<UniqueFd> secret;   // where the VNC password can be read; null: there is none
};

struct QemuCommand {
    std::vector<std::string> argv;
    std::vector<ChildFd> fds;
};

// Or why it cannot be written, for the user.
[[nodiscard]] auto qemu_command(QemuParts const& parts) -> std::variant<QemuCommand, std::string>;

// Does a reboot that the guest asks for end it? (What was installed is started by somebody else; see `boot = oneshot`.)
[[nodiscard]] auto ends_at_reboot(Definition const& definition) -> bool;

// The MAC address of card `index` where the definition gives none: locally administered, and the same as long as the
// VM has its name: 02, then the upper 40 bits of FNV-1a (64 bits) over the number as a byte, the name without case, and
// four zero bytes.
[[nodiscard]] auto stable_mac(Definition const& definition, unsigned index) -> std::string;

// QEMU's name for a keyboard layout; the few that bhyve calls otherwise are translated.
[[nodiscard]] auto qemu_keymap(std::string_view keymap) -> std::string;

// PCI address of a host device as vfio-pci reads it; nothing: the text is not bus/slot/function, or has a number that
// there is none of. Functions over 7, which FreeBSD counts in slot 0 of a device with ARI, are not guessed at: on a
// host without ARI the same address is another device.
[[nodiscard]] auto vfio_host(std::string_view passthru) -> std::optional<std::string>;

// Where gdb may connect, of `debug_port` ([ip:]port, after bhyve(8) -G); nothing: not understood.
[[nodiscard]] auto gdb_address(std::string_view debug_port) -> std::optional<std::string>;

}  // namespace apiary::hypervisor
