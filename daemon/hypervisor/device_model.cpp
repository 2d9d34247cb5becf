#include "hypervisor/device_model.hpp"

#include <algorithm>
#include <random>

#include "hypervisor/slots.hpp"

namespace apiary::hypervisor {
namespace {

class Builder {
public:
    Builder(Definition const& definition, Contributed const& contributed)
        : definition_{definition}, contributed_{contributed} {}

    // In bmd's order (its numbering depends on it).
    auto build() -> std::vector<Device> {
        if (definition_.hostbridge != HostBridge::none) {
            add(0, HostBridgeDevice{.amd = definition_.hostbridge == HostBridge::amd});
        }
        add(0, LpcDevice{});
        if (definition_.virt_random) {
            add(0, RngDevice{});
        }
        add_storage();
        unsigned index = 0;
        for (auto const& nic : definition_.nics) {
            add_nic(index++, nic);
        }
        add_all<PassthruDevice>(definition_.passthru);
        add_all<SoundDevice>(definition_.sounds);
        for (index = 0; index < definition_.virt_console.controllers; ++index) {
            add(index, ConsoleDevice{console_ports(definition_, index)});
        }
        if (definition_.graphics.on) {
            add(0, FramebufferDevice{});
        }
        if (definition_.graphics.xhci_mouse) {
            add(0, TabletDevice{});
        }
        return std::move(devices_);
    }

private:
    void add(unsigned index, DeviceKind kind) {
        devices_.push_back({.kind = std::move(kind), .index = index, .address = {}});
    }

    template <typename Kind, typename Settings>
    void add_all(Settings const& settings) {
        unsigned index = 0;
        for (auto const& setting : settings) {
            add(index++, Kind{setting});
        }
    }

    void add_storage() {
        unsigned index = 0;
        for (auto const& disk : definition_.disks) {
            auto const id = "disk" + std::to_string(index);
            if (!contributed_.has("skip", id)) {
                add(index, DiskDevice{.disk = disk, .file = contributed_.file(id, disk.path.path)});
            }
            ++index;
        }
        index = 0;
        for (auto const& iso : definition_.isos) {
            auto const id = "iso" + std::to_string(index);
            if (!contributed_.has("skip", id)) {
                add(index, IsoDevice{.file = contributed_.file(id, iso.path.path)});
            }
            ++index;
        }
        add_all<ShareDevice>(definition_.shares);
    }

    void add_nic(unsigned index, Nic const& nic) {
        auto const id = "nic" + std::to_string(index);
        auto const* tap = contributed_.find("tap", id);
        add(index, NicDevice{.nic = nic, .tap = tap ? tap->value : std::string{}, .fd = contributed_.fd(id)});
    }

    Definition const& definition_;
    Contributed const& contributed_;
    std::vector<Device> devices_;
};

auto random_word() -> std::string {
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    std::random_device source;
    std::uniform_int_distribution<std::size_t> pick{0, letters.size() - 1};
    std::string word;
    for (int i = 0; i < 8; ++i) {
        word += letters.at(pick(source));
    }
    return word;
}

auto expand(std::string_view pattern, unsigned controller, unsigned port, unsigned number) -> std::string {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == ' ' || pattern[i] == '\t') {
            continue;
        }
        if (pattern[i] != '%' || i + 1 == pattern.size()) {
            out += pattern[i];
            continue;
        }
        switch (pattern[++i]) {
            case 'c':
                out += std::to_string(controller);
                break;
            case 'p':
                out += std::to_string(port);
                break;
            case 'n':
                out += std::to_string(number);
                break;
            case 'r':
                out += random_word();
                break;
            case '%':
                out += '%';
                break;
            default:
                out += '%';
                out += pattern[i];
        }
    }
    return out;
}

}  // namespace

auto Contributed::find(std::string_view kind, std::string_view id) const -> Contribution const* {
    auto const found = std::find_if(all_.rbegin(), all_.rend(),
                                    [&](Contribution const& one) { return one.kind == kind && one.id == id; });
    return found == all_.rend() ? nullptr : &*found;
}

auto Contributed::fd(std::string_view id) const -> std::shared_ptr<UniqueFd> {
    auto const* found = find("fd", id);
    return found ? found->fd : nullptr;
}

auto Contributed::file(std::string_view id, std::string_view path) const -> HostFile {
    auto const* other = find("file", id);
    return {.path = other ? other->value : std::string{path}, .fd = fd(id)};
}

auto device_model(Definition const& definition, Contributed const& contributed, Numbering numbering)
    -> std::optional<std::vector<Device>> {
    auto devices = Builder{definition, contributed}.build();
    if (!place_devices(devices, numbering)) {
        return std::nullopt;
    }
    return devices;
}

auto capacity_fault(Definition const& definition) -> std::optional<CapacityFault> {
    struct Check {
        std::string_view key;
        std::size_t count;
        DeviceKind kind;
    };
    Check const checks[] = {
        {"disk", definition.disks.size(), DiskDevice{}},
        {"iso", definition.isos.size(), IsoDevice{}},
        {"sharefs", definition.shares.size(), ShareDevice{}},
        {"network", definition.nics.size(), NicDevice{}},
        {"passthru", definition.passthru.size(), PassthruDevice{}},
        {"hda", definition.sounds.size(), SoundDevice{}},
        {"virt_console_ncontrollers", definition.virt_console.controllers, ConsoleDevice{}},
    };
    for (auto const& [key, count, kind] : checks) {
        if (auto const places = places_for(kind); count > places) {
            return CapacityFault{std::string{key}, std::to_string(count) + " entries of `" + std::string{key} +
                                                       "`: a VM has room for " + std::to_string(places)};
        }
    }
    return std::nullopt;
}

auto needs_network_plugin(Definition const& definition) -> std::optional<std::string> {
    std::string bridges;
    for (auto const& nic : definition.nics) {
        if (nic.attach == Nic::Attach::bridge || nic.attach == Nic::Attach::unattached) {
            bridges += bridges.empty() ? "" : ", ";
            bridges += nic.attach == Nic::Attach::bridge ? nic.bridge : "none";
        }
    }
    if (bridges.empty()) {
        return std::nullopt;
    }
    return "network " + bridges + " needs a plugin that provides network interfaces, and none is loaded" +
           (definition.backend == BackendKind::qemu ? "; `network = user` works without one" : "");
}

auto console_port(Definition const& definition) -> std::optional<unsigned> {
    for (unsigned port = 0; port < 4; ++port) {
        if (definition.com[port].kind == ComPort::Kind::automatic) {
            return port;
        }
    }
    return std::nullopt;
}

auto console_ports(Definition const& definition, unsigned controller) -> std::vector<ConsoleDevice::Port> {
    auto const& setting = definition.virt_console;
    auto pattern = setting.path_template.value_or("virt_console%n");
    if (pattern.find('=') == std::string::npos) {
        // The VM's name is not a pattern, whatever it holds.
        pattern += "=/var/run/vc-";
        for (char const letter : definition.name) {
            pattern += letter == '%' ? "%%" : std::string(1, letter);
        }
        pattern += "%n.sock";
    }
    std::vector<ConsoleDevice::Port> ports;
    for (unsigned port = 0; port < setting.ports; ++port) {
        auto const text = expand(pattern, controller, port, controller * setting.ports + port);
        auto const equals = text.find('=');
        ports.push_back({.name = text.substr(0, equals), .socket = text.substr(equals + 1)});
    }
    return ports;
}

}  // namespace apiary::hypervisor
