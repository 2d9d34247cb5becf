// What QEMU, or this version of its backend, cannot do of what a definition asks for.
#include <climits>

#include "hypervisor/fault_list.hpp"
#include "hypervisor/faults.hpp"
#include "hypervisor/qemu_command.hpp"

namespace apiary::hypervisor {
namespace {

// Not here, though QEMU lacks them, because nothing is lost without: x2apic (KVM's and TCG's CPUs have what they can),
// hostbridge (q35 has its own), the version of a TPM (the device says it), wol and err_logfile (ours, not QEMU's).

void check_loader(FaultList& faults, Definition const& definition, Options const& options) {
    switch (definition.loader) {
        case Loader::bhyveload:
        case Loader::csm:
        case Loader::grub:
            faults.add("loader", "loader " + std::string{to_string(definition.loader)} +
                                     " needs backend bhyve; QEMU has uefi, bios and kernel");
            break;
        case Loader::kernel:
            faults.add_if(!definition.kernel, "kernel", "loader kernel needs the key `kernel`: a file to boot");
            break;
        case Loader::uefi:
            faults.add_if(options.ovmf_code.empty() || options.ovmf_vars.empty(), "loader",
                          "there is no UEFI firmware for QEMU on this host");
            break;
        case Loader::bios:
            break;
    }
}

void check_devices(FaultList& faults, Definition const& definition) {
    for (auto const& disk : definition.disks) {
        faults.add_if(disk.type == DiskType::ahci_hd && disk.readonly, "disk",
                      "QEMU has no read-only ahci-hd; use virtio-blk or nvme, or iso");
    }
    for (auto const& nic : definition.nics) {
        faults.add_if(nic.attach == Nic::Attach::vale, "network", "vale switches need backend bhyve");
    }
    for (auto const& share : definition.shares) {
        faults.add_if(!share.path.trusted, "sharefs",
                      "a share that is not named in a file of root's cannot be given to QEMU: it opens all below it "
                      "again and again, with its own rights");
        faults.add_if(share.name.size() > 31, "sharefs", "the name of a share has at most 31 bytes");
    }
    for (auto const& text : definition.passthru) {
        faults.add_if(!vfio_host(text), "passthru",
                      "passthru " + text +
                          ": QEMU wants BUS/SLOT/FUNCTION as lspci(8) tells it: bus 0 to 255, slot 0 to 31, function 0 "
                          "to 7");
    }
    faults.add_if(!definition.sounds.empty(), "hda", "hda needs backend bhyve");
}

void check_graphics(FaultList& faults, Definition const& definition) {
    auto const& graphics = definition.graphics;
    if (!graphics.on) {
        return;
    }
    faults.add_if(!graphics.path && graphics.port < 5900, "graphics_port",
                  "QEMU's screen needs a port of 5900 or higher, or graphics_path");
    faults.add_if(graphics.wait, "graphics_wait", "graphics_wait needs backend bhyve");
    faults.add_if(graphics.password && graphics.password->size() > PIPE_BUF, "graphics_password",
                  "a VNC password counts for 8 bytes; this one is far too long");
    auto const word = graphics.keymap.value_or("");
    // The name becomes part of a path.
    faults.add_if(
        word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != std::string::npos,
        "keymap", "a keymap's name has letters, digits, '-' and '_' only");
    faults.add_if(graphics.listen.find_first_not_of(
                      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-[]") != std::string::npos,
                  "graphics_listen", "this is no host address");
    // The memory of QEMU's graphics cards ends there.
    faults.add_if(4ULL * graphics.width * graphics.height > 256ULL << 20U, "graphics_res",
                  "this screen is too large for QEMU");
}

}  // namespace

auto qemu_faults(Definition const& definition, Options const& options) -> std::vector<Hypervisor::Fault> {
    FaultList faults{definition};
    faults.add_if(options.qemu.empty(), "backend", "there is no QEMU on this host");
    check_loader(faults, definition, options);
    check_devices(faults, definition);
    check_graphics(faults, definition);
    faults.add_if(!definition.bhyve_env.empty(), "bhyve_env", "bhyve_env needs backend bhyve");
    faults.add_if(definition.bhyve_base != nullptr, "configfile",
                  "configfile is a file of bhyve's, and needs backend bhyve: QEMU cannot read it");
    faults.add_if(definition.bootrom.has_value(), "bootrom",
                  "bootrom needs backend bhyve; loader = uefi has a firmware");
    faults.add_if(!definition.acpi_tables.value_or(true), "acpi_tables", "QEMU's machines have ACPI tables always");
    faults.add_if(!definition.cpus.pins.empty(), "cpu_pin", "cpu_pin needs backend bhyve");
    faults.add_if(definition.tpm && definition.tpm->type != "passthru" && definition.tpm->type != "swtpm", "tpm",
                  "a TPM is of type passthru or swtpm");
    if (definition.debug_port && !gdb_address(*definition.debug_port)) {
        faults.add("debug_port",
                   "QEMU wants [ADDRESS:]PORT with a port from 1 to 65535, and does not wait for the debugger");
    }
    return faults.take();
}

}  // namespace apiary::hypervisor
