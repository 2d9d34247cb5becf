// The backends, as the composition root sees them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "vm/definition.hpp"
#include "vm/hypervisor.hpp"
#include "vm/loop.hpp"
#include "vm/step.hpp"
#include "vm/supervisor.hpp"

namespace apiary::hypervisor {

enum class Acceleration {
    automatic,  // KVM where it works, else TCG
    kvm,
    tcg,
};

// Which numbers bhyve's devices get on the PCI bus: see device_model.hpp.
enum class Slots { stable, bmd };

// Where things are on this host. What is empty is not there.
struct Options {
    std::string qemu;       // qemu-system-x86_64
    std::string ovmf_code;  // UEFI firmware for QEMU, and the template of its variables
    std::string ovmf_vars;
    Acceleration acceleration = Acceleration::automatic;

    std::string bhyve;       // empty: this host cannot run bhyve
    std::string bhyvectl;    // empty: no reset, and a killed bhyve leaves its /dev/vmm node
    std::string bhyve_code;  // UEFI firmware for bhyve, and the template of its variables
    std::string bhyve_vars;
    Slots bhyve_slots = Slots::stable;
    bool bhyve_wants_acpi_flag = true;  // -A: needed before FreeBSD 15.0, gone after
    bool bhyve_as_owner = false;        // only root may open /dev/vmm

    std::string vars_dir;   // UEFI variables, a file for each VM
    std::string state_dir;  // keeps the answer of the KVM probe
};

// What is usual on this platform: everything but the two directories.
[[nodiscard]] auto default_options() -> Options;
[[nodiscard]] auto default_backend() -> BackendKind;

[[nodiscard]] auto make_qemu(Loop& loop, Supervisor& supervisor, Options options) -> std::unique_ptr<Hypervisor>;
[[nodiscard]] auto make_bhyve(Loop& loop, Supervisor& supervisor, Options options) -> std::unique_ptr<Hypervisor>;

// Built-in steps that belong to the backends, in their order: `firmware` (a VM's own copy of the UEFI variables).
[[nodiscard]] auto make_steps(Loop& loop, Options options) -> std::vector<std::unique_ptr<Step>>;

}  // namespace apiary::hypervisor
