#include "hypervisor/slots.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace apiary::hypervisor {
namespace {

constexpr unsigned functions = 8;

// The slots of each class on bus 0, in the order of DeviceKind. Both q35 and bhyve have these free: q35 keeps 0 (host
// bridge) and 31 (ICH9) for itself, bhyve wants lpc on bus 0 (bhyve(8), "-s ... lpc": it must be on bus 0). One bus is
// enough and all that there may be: firmware looks for boot disks nowhere else. Never change a line: guests know
// their network cards by these numbers.
struct Range {
    unsigned first, count;
};
constexpr auto ranges = std::to_array<Range>({
    {0, 1},   // HostBridgeDevice
    {1, 1},   // LpcDevice
    {2, 1},   // RngDevice
    {14, 8},  // DiskDevice
    {22, 4},  // IsoDevice
    {8, 2},   // ShareDevice
    {10, 4},  // NicDevice
    {26, 5},  // PassthruDevice
    {5, 1},   // SoundDevice
    {6, 2},   // ConsoleDevice
    {3, 1},   // FramebufferDevice
    {4, 1},   // TabletDevice
    {0, 0},   // PlaceholderDevice: placed below
});
static_assert(ranges.size() == std::variant_size_v<DeviceKind>);

auto is_single(DeviceKind const& kind) -> bool {
    return std::holds_alternative<HostBridgeDevice>(kind) || std::holds_alternative<LpcDevice>(kind) ||
           std::holds_alternative<RngDevice>(kind) || std::holds_alternative<FramebufferDevice>(kind) ||
           std::holds_alternative<TabletDevice>(kind);
}

// Function 0 of all slots of the range first: a slot is shared only by those who have no other choice.
auto stable_address(Range range, unsigned index) -> PciAddress {
    return {.bus = 0, .slot = range.first + index % range.count, .function = index / range.count};
}

void add_placeholders(std::vector<Device>& devices) {
    std::set<unsigned> shared;
    std::set<unsigned> headed;
    for (auto const& device : devices) {
        (device.address.function == 0 ? headed : shared).insert(device.address.slot);
    }
    for (auto& device : devices) {
        device.multifunction = device.address.function == 0 && shared.contains(device.address.slot);
    }
    for (auto const slot : shared) {
        if (!headed.contains(slot)) {
            devices.push_back({.kind = PlaceholderDevice{},
                               .index = slot,
                               .address = {.bus = 0, .slot = slot, .function = 0},
                               .multifunction = true});
        }
    }
}

}  // namespace

auto places_for(DeviceKind const& kind) -> unsigned {
    return is_single(kind) ? 1 : ranges.at(kind.index()).count * functions;
}

auto place_devices(std::vector<Device>& devices, Numbering numbering) -> bool {
    if (numbering == Numbering::bmd) {
        unsigned next = 0;
        for (auto& device : devices) {
            device.address = {.bus = next / 32, .slot = next % 32, .function = 0};
            ++next;
        }
        return next <= 256 * 32;
    }
    auto const fits = std::all_of(devices.begin(), devices.end(),
                                  [](Device const& device) { return device.index < places_for(device.kind); });
    if (!fits) {
        return false;
    }
    for (auto& device : devices) {
        device.address = stable_address(ranges.at(device.kind.index()), device.index);
    }
    add_placeholders(devices);
    return true;
}

}  // namespace apiary::hypervisor
