// Keys of the machine as such, and those of known plugins.
#include "config/keys_core.hpp"

#include <chrono>
#include <iterator>

#include "config/draft.hpp"
#include "config/fields.hpp"
#include "config/setters.hpp"

namespace apiary::config {

auto core_keys() -> std::vector<KeySpec> const& {
    static std::vector<KeySpec> const all = [] {
        std::vector<KeySpec> keys = machine_keys();
        for (auto* group : {&device_keys, &vmstated_keys, &plugin_keys}) {
            std::vector<KeySpec> more = (*group)();
            keys.insert(keys.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
        }
        return keys;
    }();
    return all;
}

namespace {

template <auto Member>
auto set_seconds(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.*Member = std::chrono::seconds{a.number};
    return std::nullopt;
}

template <auto Member>
auto set_path(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.*Member = a.host_path(a.text);
    return std::nullopt;
}

template <auto Member>
auto set_kernel_path(Draft& draft, Assignment& a) -> ValueFault {
    if (a.text.front() != '/') {
        return "an absolute path is needed";
    }
    return set_path<Member>(draft, a);
}

template <auto Member>
auto set_environment(Draft& draft, Assignment& a) -> ValueFault {
    auto fault = environment_fault(a);
    if (!fault) {
        (draft.vm.*Member).emplace_back(a.text);
    }
    return fault;
}

template <auto Member>
auto set_loader_script(Draft& draft, Assignment& a) -> ValueFault {
    auto fault = loader_script_fault(a);
    return fault ? fault : set_text<Member>(draft, a);
}

auto set_backend(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.backend = a.word == 0 ? BackendKind::qemu : BackendKind::bhyve;
    return std::nullopt;
}

auto set_visibility(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.visibility = a.word == 0 ? Visibility::owner : Visibility::all;
    return std::nullopt;
}

auto set_loader(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.loader = static_cast<Loader>(a.word);
    draft.loader_set = true;
    return std::nullopt;
}

void clear_after(Draft& draft) {
    draft.vm.after.clear();
    draft.after_trusted.clear();
}

void clear_pins(Draft& draft) {
    draft.vm.cpus.pins.clear();
    draft.pin_marks.clear();
}

constexpr auto root_environment = "the environment of a program that runs with the daemon's rights";
constexpr auto root_program = "it names a program that the host runs";

}  // namespace

auto machine_keys() -> std::vector<KeySpec> {
    using D = Definition;
    return {
        {.name = "name", .fallback = "the section's", .doc = "name of the VM", .set = set_name},
        {.name = "owner",
         .fallback = "the file's owner",
         .doc = "USER[:GROUP] that the VM belongs to",
         .set = set_owner},
        {.name = "visibility",
         .type = KeyType::word,
         .fallback = "owner",
         .doc = "who may see the VM: its owner and group, or all",
         .words = {"owner", "all"},
         .set = set_visibility},
        {.name = "backend",
         .type = KeyType::word,
         .fallback = "by platform",
         .doc = "the hypervisor: qemu or bhyve",
         .words = {"qemu", "bhyve"},
         .set = set_backend},
        {.name = "memory", .doc = "size of the memory, such as 2G; required", .set = set_memory},
        {.name = "wired_memory",
         .type = KeyType::boolean,
         .fallback = "no",
         .doc = "keep the memory from being paged out",
         .set = set_flag<&D::wired_memory>},
        {.name = "ncpu", .fallback = "1", .doc = "processors: SOCKETS[:CORES[:THREADS]]", .set = set_ncpu},
        {.name = "cpu_pin",
         .list = true,
         .doc = "VCPU:HOSTCPU: keeps a processor of the VM on one of the host",
         .set = set_cpu_pin,
         .clear = clear_pins},
        {.name = "x2apic",
         .type = KeyType::boolean,
         .fallback = "no",
         .doc = "interrupt controller in x2APIC mode",
         .set = set_flag<&D::x2apic>},
        {.name = "utctime",
         .type = KeyType::boolean,
         .fallback = "yes",
         .doc = "the clock of the VM shows UTC, else local time",
         .set = set_flag<&D::utctime>},
        {.name = "boot",
         .fallback = "no",
         .doc = "when the VM is started: no, yes, oneshot or always",
         .set = set_boot},
        {.name = "boot_delay",
         .type = KeyType::integer,
         .fallback = "0",
         .doc = "seconds to wait before an automatic start",
         .least = 0,
         .set = set_seconds<&D::boot_delay>},
        {.name = "after",
         .list = true,
         .doc = "VMs that this one is started after, and stopped before",
         .set = set_after,
         .clear = clear_after},
        {.name = "reboot_on_change",
         .type = KeyType::boolean,
         .fallback = "no",
         .doc = "restart the VM when its configuration changed",
         .set = set_flag<&D::reboot_on_change>},
        {.name = "stop_timeout",
         .type = KeyType::integer,
         .fallback = "300",
         .doc = "seconds after which a stopping VM is powered off; 0: at once",
         .least = 0,
         .set = set_seconds<&D::stop_timeout>},
        {.name = "loader_timeout",
         .type = KeyType::integer,
         .fallback = "15",
         .doc = "seconds that the boot loader may take; 0 or less: for ever",
         .set = set_seconds<&D::loader_timeout>},
        {.name = "loader",
         .type = KeyType::word,
         .doc = "how the VM boots",
         .words = {"bhyveload", "uefi", "csm", "grub", "bios", "kernel"},
         .set = set_loader},
        {.name = "kernel",
         .type = KeyType::path,
         .doc = "loader kernel: the kernel's file",
         .trust = TrustRule::opened,
         .set = set_kernel_path<&D::kernel>},
        {.name = "initrd",
         .type = KeyType::path,
         .doc = "loader kernel: the file of the initial RAM disk",
         .trust = TrustRule::opened,
         .set = set_kernel_path<&D::initrd>},
        {.name = "cmdline", .doc = "loader kernel: the kernel's command line", .set = set_text<&D::cmdline>},
        {.name = "loadcmd",
         .doc = "loader grub: command that boots the VM, or auto",
         .trust = TrustRule::guarded,
         .set = set_loader_script<&D::loadcmd>},
        {.name = "installcmd",
         .doc = "loader grub: command that boots the installer, or auto",
         .trust = TrustRule::guarded,
         .set = set_loader_script<&D::installcmd>},
        {.name = "grub_run_partition",
         .doc = "loader grub: partition with the configuration of grub",
         .trust = TrustRule::root_only,
         .why = "it goes to a boot loader that runs on the host",
         .set = set_text<&D::grub_run_partition>},
        {.name = "install",
         .type = KeyType::boolean,
         .fallback = "no",
         .doc = "boot the installer",
         .set = set_flag<&D::install>},
        {.name = "bhyveload_loader",
         .doc = "loader bhyveload: the loader's file",
         .trust = TrustRule::root_only,
         .why = root_program,
         .set = set_text<&D::bhyveload_loader>},
        {.name = "bhyveload_env",
         .list = true,
         .doc = "loader bhyveload: \"NAME=VALUE\" for the loader",
         .trust = TrustRule::root_only,
         .why = root_environment,
         .set = set_environment<&D::bhyveload_env>,
         .clear = clear_list<&D::bhyveload_env>},
        {.name = "bhyve_env",
         .list = true,
         .doc = "\"NAME=VALUE\" for the hypervisor's environment",
         .trust = TrustRule::root_only,
         .why = root_environment,
         .set = set_environment<&D::bhyve_env>,
         .clear = clear_list<&D::bhyve_env>},
        {.name = "debug_port",
         .doc = "port of the hypervisor's debugger",
         .trust = TrustRule::root_only,
         .why = "everybody on the host could command the VM through it",
         .set = set_debug_port},
        {.name = "err_logfile",
         .type = KeyType::path,
         .doc = "file for what the hypervisor prints",
         .trust = TrustRule::opened,
         .set = set_path<&D::err_logfile>},
    };
}

auto plugin_keys() -> std::vector<KeySpec> {
    auto const hook = [](char const* name, char const* doc) {
        return KeySpec{.name = name,
                       .type = KeyType::executable,
                       .doc = doc,
                       .trust = TrustRule::root_only,
                       .why = root_program,
                       .plugin = "hookcmd"};
    };
    return {hook("prestart", "program that is run before the VM is started"),
            hook("poststop", "program that is run after the VM was stopped"),
            hook("hookcmd", "program that is run at each change of the VM's state")};
}

}  // namespace apiary::config
