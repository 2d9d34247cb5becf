// What is where on which platform.
#include "hypervisor/hypervisors.hpp"

#if defined(__FreeBSD__)
#include <sys/param.h>
#endif

namespace apiary::hypervisor {

#if defined(__FreeBSD__)

auto default_options() -> Options {
    Options options;
    options.qemu = "/usr/local/bin/qemu-system-x86_64";
    options.ovmf_code = "/usr/local/share/edk2-qemu/QEMU_UEFI_CODE-x86_64.fd";
    options.ovmf_vars = "/usr/local/share/edk2-qemu/QEMU_UEFI_VARS-x86_64.fd";
    options.bhyve = "/usr/sbin/bhyve";
    options.bhyvectl = "/usr/sbin/bhyvectl";
    options.bhyve_code = "/usr/local/share/uefi-firmware/BHYVE_UEFI.fd";
    options.bhyve_vars = "/usr/local/share/uefi-firmware/BHYVE_UEFI_VARS.fd";
    options.bhyve_wants_acpi_flag = __FreeBSD_version < 1500024;
    return options;
}

auto default_backend() -> BackendKind {
    return BackendKind::bhyve;
}

#else

auto default_options() -> Options {
    Options options;
    options.qemu = "/usr/bin/qemu-system-x86_64";
    options.ovmf_code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    options.ovmf_vars = "/usr/share/OVMF/OVMF_VARS_4M.fd";
    options.bhyve_as_owner = true;  // there is no /dev/vmm here to need root for
    return options;
}

auto default_backend() -> BackendKind {
    return BackendKind::qemu;
}

#endif

}  // namespace apiary::hypervisor
