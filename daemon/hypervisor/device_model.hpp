// What a guest is made of, neutral of the backend: the devices of a definition and of the steps' contributions, each
// with its place on the PCI bus. The backends only spell it.
//
// Places are stable (Numbering::stable): every class of devices has a range of slots of its own, and a device's place
// depends on its number within its class alone. So adding a disk moves no network card, and a disk that is left out
// (`noexist`) leaves a gap. The table stands in slots.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vm/definition.hpp"
#include "vm/step.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::hypervisor {

enum class Numbering {
    stable,
    bmd,  // bmd's own: devices are counted through, 32 to a bus, so each shifts those after it
};

struct PciAddress {
    unsigned bus = 0, slot = 0, function = 0;
    friend auto operator==(PciAddress const&, PciAddress const&) -> bool = default;
};

// A file of the host: opened already (then `fd` is what counts), or to be opened by the hypervisor.
struct HostFile {
    std::string path;
    std::shared_ptr<UniqueFd> fd;
};

struct HostBridgeDevice {
    bool amd = false;
};
struct LpcDevice {};
struct RngDevice {};
struct DiskDevice {
    Disk disk;
    HostFile file;
};
struct IsoDevice {
    HostFile file;
};
struct ShareDevice {
    Share share;
};
struct NicDevice {
    Nic nic;
    std::string tap;               // name of the interface; empty: none was contributed
    std::shared_ptr<UniqueFd> fd;  // the opened tap; wins
};
struct PassthruDevice {
    std::string text;
};
struct SoundDevice {
    Sound sound;
};
struct ConsoleDevice {
    struct Port {
        std::string name, socket;
    };
    std::vector<Port> ports;
};
struct FramebufferDevice {};
struct TabletDevice {};
struct PlaceholderDevice {};  // function 0 of a slot of which only others are taken: guests look no further without one

using DeviceKind =
    std::variant<HostBridgeDevice, LpcDevice, RngDevice, DiskDevice, IsoDevice, ShareDevice, NicDevice, PassthruDevice,
                 SoundDevice, ConsoleDevice, FramebufferDevice, TabletDevice, PlaceholderDevice>;

struct Device {
    DeviceKind kind;
    unsigned index = 0;  // within its class, as defined: what was left out counts
    PciAddress address;
    bool multifunction = false;  // it is function 0, and the slot has others
};

// What the steps added, by kind and id. Where two steps say something about the same thing, the later one wins.
class Contributed {
public:
    explicit Contributed(std::vector<Contribution> const& all) : all_{all} {}
    [[nodiscard]] auto find(std::string_view kind, std::string_view id) const -> Contribution const*;
    [[nodiscard]] auto has(std::string_view kind, std::string_view id) const -> bool { return find(kind, id); }
    [[nodiscard]] auto fd(std::string_view id) const -> std::shared_ptr<UniqueFd>;  // null: none
    [[nodiscard]] auto file(std::string_view id, std::string_view path) const -> HostFile;

private:
    std::vector<Contribution> const& all_;
};

// Nothing: there are more devices of a class than its range has places (capacity_fault() says which).
[[nodiscard]] auto device_model(Definition const& definition, Contributed const& contributed, Numbering numbering)
    -> std::optional<std::vector<Device>>;

// The first setting with more entries than there are places, and a text about it.
struct CapacityFault {
    std::string key, text;
};
[[nodiscard]] auto capacity_fault(Definition const& definition) -> std::optional<CapacityFault>;

// Names a VM's network cards that need something from a network plugin: a text for the user, or nothing.
[[nodiscard]] auto needs_network_plugin(Definition const& definition) -> std::optional<std::string>;

// Of the serial ports, the one that is the VM's console: 0 to 3 for com1 to com4. Nothing: the VM has no console.
[[nodiscard]] auto console_port(Definition const& definition) -> std::optional<unsigned>;

// Ports of virtio-console controller `controller`, after `virt_console_template`.
[[nodiscard]] auto console_ports(Definition const& definition, unsigned controller) -> std::vector<ConsoleDevice::Port>;

}  // namespace apiary::hypervisor
