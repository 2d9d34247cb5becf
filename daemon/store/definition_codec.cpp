// Each structure of a definition with its members, by name.
#include "store/definition_codec.hpp"

#include <exception>
#include <utility>

#include "store/json_types.hpp"

namespace apiary {

// Enumerations are stored as numbers: these have no words of their own, and their order is part of the format.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(HostPath, path, trusted, opened_as)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(CpuPin, vcpu, host)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Cpus, sockets, cores, threads, pins)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Disk, type, path, nocache, direct, readonly, nodelete, noexist)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Iso, path, noexist)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Nic, type, attach, bridge, mac, wol)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Share, name, path, readonly)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Sound, play, record)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Tpm, type, device, version)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(ComPort, kind, device, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Graphics, on, listen, port, path, password, width, height, vga, wait,
                                                xhci_mouse, keymap)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(VirtConsole, controllers, ports, path_template)

static void to_json(nlohmann::json& to, Origin const& origin) {
    to = {origin.file(), origin.line, origin.column, origin.through()};
}

static void from_json(nlohmann::json const& from, Origin& origin) {
    origin = Origin{from.at(0).get<std::string>(), from.at(1).get<unsigned>(), from.at(2).get<unsigned>(),
                    from.at(3).get<std::string>()};
}

template <typename T>
static void to_json(nlohmann::json& to, Few<T> const& few) {
    to = nlohmann::json::array();
    for (auto const& one : few) {
        to.push_back(one);
    }
}

template <typename T>
static void from_json(nlohmann::json const& from, Few<T>& few) {
    few.clear();
    for (auto const& one : from) {
        few.push_back(one.template get<T>());
    }
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(BhyveBase, file, settings)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(RestartLimit, restarts, within)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Setting, key, values, secret, origins)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Definition, name, owner, group, owner_name, group_name, file_owner,
                                                visibility, origin, backend, loader, boot, boot_delay, loader_timeout,
                                                stop_timeout, after, reboot_on_change, install, memory_bytes,
                                                memory_text, cpus, hostbridge, disks, isos, nics, shares, sounds,
                                                passthru, tpm, graphics, virt_console, utctime, wired_memory, x2apic,
                                                virt_random, debug_port, kernel, initrd, cmdline, err_logfile,
                                                bhyveload_loader, loadcmd, installcmd, grub_run_partition, bhyve_env,
                                                bhyveload_env, plugin_settings, settings, description, os, osversion,
                                                restart_limit, bootrom, acpi_tables, vmexit_on_halt, scriptpath)

}  // namespace apiary

namespace apiary::store {

auto encode(Definition const& definition) -> std::string {
    std::string bytes;
    auto const kept = without_secrets(definition);
    json to(kept);
    to["com"] = kept.com;  // a plain array, which the macro does not take; no more does it take a pointer
    if (kept.bhyve_base) {
        to["bhyve_base"] = *kept.bhyve_base;
    }
    json::to_cbor(to, bytes);
    return bytes;
}

auto decode_definition(std::string_view bytes) -> DefinitionPtr {
    try {
        auto const from = json::from_cbor(bytes);
        auto definition = from.get<Definition>();
        from.at("com").get_to(definition.com);
        if (auto const base = from.find("bhyve_base"); base != from.end()) {
            definition.bhyve_base = std::make_shared<BhyveBase const>(base->get<BhyveBase>());
        }
        return std::make_shared<Definition const>(std::move(definition));
    } catch (std::exception const&) {
        return nullptr;
    }
}

}  // namespace apiary::store
