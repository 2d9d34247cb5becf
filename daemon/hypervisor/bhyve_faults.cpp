// What bhyve cannot do of what a definition asks for.
#include "hypervisor/fault_list.hpp"
#include "hypervisor/faults.hpp"

namespace apiary::hypervisor {

namespace {

// What a VM is made of stands in one place: two lists of devices would take each other's slots.
void check_base(FaultList& faults, Definition const& definition) {
    if (!definition.bhyve_base) {
        return;
    }
    auto const refuse = [&](bool set, std::string_view key) {
        faults.add_if(set, key,
                      "the devices of a VM with configfile stand in that file: this key cannot be set beside it");
    };
    refuse(!definition.disks.empty(), "disk");
    refuse(!definition.isos.empty(), "iso");
    refuse(!definition.nics.empty(), "network");
    refuse(!definition.shares.empty(), "sharefs");
    refuse(!definition.passthru.empty(), "passthru");
    refuse(!definition.sounds.empty(), "hda");
    refuse(definition.graphics.on, "graphics");
    refuse(definition.graphics.xhci_mouse, "xhci_mouse");
    refuse(definition.virt_console.controllers > 0, "virt_console_ncontrollers");
    refuse(definition.virt_random, "virt_random");
    refuse(definition.tpm.has_value(), "tpm");
    refuse(definition.debug_port.has_value(), "debug_port");
}

}  // namespace

auto bhyve_faults(Definition const& definition, Options const& options) -> std::vector<Hypervisor::Fault> {
    FaultList faults{definition};
    faults.add_if(options.bhyve.empty(), "backend", "backend bhyve needs FreeBSD");
    switch (definition.loader) {
        case Loader::bhyveload:
        case Loader::csm:
        case Loader::grub:
            faults.add("loader",
                       "loader " + std::string{to_string(definition.loader)} + " is not supported yet; use uefi");
            break;
        case Loader::bios:
        case Loader::kernel:
            faults.add("loader", "loader " + std::string{to_string(definition.loader)} + " needs backend qemu");
            break;
        case Loader::uefi:
            break;
    }
    check_base(faults, definition);
    for (auto const& nic : definition.nics) {
        faults.add_if(nic.attach == Nic::Attach::user, "network", "network = user needs backend qemu");
    }
    // bhyve runs as root and opens these itself, by name.
    for (auto const& share : definition.shares) {
        faults.add_if(!share.path.trusted, "sharefs",
                      "a share that is not named in a file of root's cannot be given to bhyve, which opens it as root");
    }
    faults.add_if(definition.file_owner != 0 && definition.virt_console.ports > 0 &&
                      definition.virt_console.path_template.value_or("").find('=') != std::string::npos,
                  "virt_console_template", "only a file of root's may say where the sockets of a virtual console are");
    return faults.take();
}

}  // namespace apiary::hypervisor
