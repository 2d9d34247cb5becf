// Places on the PCI bus: what is added or left out moves nothing else.
#include "hypervisor/slots.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

using Key = std::pair<std::size_t, unsigned>;
using Places = std::map<Key, std::tuple<unsigned, unsigned, unsigned>>;

auto placeholder_kind() -> std::size_t {
    return DeviceKind{PlaceholderDevice{}}.index();
}

auto places(Definition const& definition, std::vector<Contribution> const& contributions = {}) -> Places {
    Contributed const contributed{contributions};
    auto const devices = device_model(definition, contributed, Numbering::stable);
    EXPECT_TRUE(devices);
    Places found;
    for (auto const& device : devices.value()) {
        auto const& address = device.address;
        if (device.kind.index() != placeholder_kind()) {
            found[{device.kind.index(), device.index}] = {address.bus, address.slot, address.function};
        }
    }
    return found;
}

auto busy_definition() -> Definition {
    auto definition = test::plain_definition();
    for (auto const type : {DiskType::virtio_blk, DiskType::nvme, DiskType::ahci_hd}) {
        definition.disks.push_back(test::disk_at("/d", type));
    }
    definition.isos = {test::iso_at("/i"), test::iso_at("/j")};
    definition.nics.assign(3, test::nic_on(Nic::Attach::user));
    definition.shares = {{.name = "home", .path = {.path = "/home"}}};
    definition.passthru = {"1/0/0"};
    definition.sounds = {{.play = "/dev/dsp", .record = {}}};
    definition.virt_console = {.controllers = 2, .ports = 1, .path_template = {}};
    definition.graphics.on = true;
    definition.graphics.xhci_mouse = true;
    definition.virt_random = true;
    return definition;
}

void expect_kept(Places const& before, Places const& after) {
    for (auto const& [key, place] : before) {
        if (auto const found = after.find(key); found != after.end()) {
            EXPECT_EQ(found->second, place) << "class " << key.first << ", number " << key.second;
        }
    }
}

TEST(Slots, NoTwoDevicesShareAPlace) {
    auto const found = places(busy_definition());
    std::set<std::tuple<unsigned, unsigned, unsigned>> taken;
    for (auto const& [key, place] : found) {
        EXPECT_TRUE(taken.insert(place).second);
    }
    EXPECT_EQ(found.size(), 18U);
}

TEST(Slots, AddingADeviceMovesNoOther) {
    auto const before = places(busy_definition());
    for (int count = 1; count <= 61; ++count) {
        auto definition = busy_definition();
        definition.disks.insert(definition.disks.end(), static_cast<std::size_t>(count), test::disk_at("/new"));
        expect_kept(before, places(definition));
    }
    auto definition = busy_definition();
    definition.isos.push_back(test::iso_at("/k"));
    definition.nics.push_back(test::nic_on(Nic::Attach::user));
    definition.shares.push_back({.name = "more", .path = {.path = "/more"}});
    definition.passthru.emplace_back("2/0/0");
    definition.sounds.push_back({.play = "/dev/dsp1", .record = {}});
    definition.virt_console.controllers = 16;
    auto const after = places(definition);
    expect_kept(before, after);
    EXPECT_EQ(after.size(), before.size() + 19U);
}

TEST(Slots, RemovingADeviceMovesNoOther) {
    auto const before = places(busy_definition());
    auto definition = busy_definition();
    definition.disks.pop_back();
    definition.virt_random = false;
    definition.graphics.on = false;
    definition.graphics.xhci_mouse = false;
    definition.hostbridge = HostBridge::none;
    expect_kept(before, places(definition));
}

TEST(Slots, AnotherTypeOfADiskKeepsItsPlace) {
    auto definition = busy_definition();
    auto const before = places(definition);
    definition.disks[0].type = DiskType::ahci_hd;
    expect_kept(before, places(definition));
}

TEST(Slots, WhatIsLeftOutLeavesAGap) {
    auto const before = places(busy_definition());
    auto const after =
        places(busy_definition(), {test::contributed("skip", "disk0", ""), test::contributed("skip", "iso0", "")});
    EXPECT_EQ(after.size(), before.size() - 2);
    expect_kept(before, after);
}

TEST(Slots, ASlotWithoutItsFirstFunctionGetsAPlaceholder) {
    auto definition = test::plain_definition();
    definition.disks.assign(9, test::disk_at("/d"));
    std::vector<Contribution> const contributions{test::contributed("skip", "disk0", "")};
    Contributed const contributed{contributions};
    auto const devices = device_model(definition, contributed, Numbering::stable);
    ASSERT_TRUE(devices);
    auto const& last = devices->back();
    EXPECT_EQ(last.kind.index(), placeholder_kind());
    EXPECT_EQ(last.address, (PciAddress{.bus = 0, .slot = 14, .function = 0}));
    EXPECT_TRUE(last.multifunction);
}

TEST(Slots, TheRangesEnd) {
    auto definition = test::plain_definition();
    definition.disks.assign(64, test::disk_at("/d"));
    EXPECT_FALSE(capacity_fault(definition));
    definition.disks.push_back(test::disk_at("/d"));
    auto const fault = capacity_fault(definition);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->key, "disk");
    std::vector<Contribution> const none;
    EXPECT_FALSE(device_model(definition, Contributed{none}, Numbering::stable));
    EXPECT_TRUE(device_model(definition, Contributed{none}, Numbering::bmd));
}

TEST(Slots, BmdCountsThrough) {
    auto definition = test::plain_definition();
    definition.hostbridge = HostBridge::none;
    definition.disks.assign(40, test::disk_at("/d"));
    std::vector<Contribution> const none;
    auto const devices = device_model(definition, Contributed{none}, Numbering::bmd);
    ASSERT_TRUE(devices);
    EXPECT_EQ(devices->front().address, (PciAddress{.bus = 0, .slot = 0, .function = 0}));  // lpc
    EXPECT_EQ(devices->back().address, (PciAddress{.bus = 1, .slot = 8, .function = 0}));
}

TEST(Slots, LaterContributionsWin) {
    std::vector<Contribution> const contributions{test::contributed("tap", "nic0", "tap1"),
                                                  test::contributed("tap", "nic0", "tap2")};
    EXPECT_EQ(Contributed{contributions}.find("tap", "nic0")->value, "tap2");
}

TEST(VirtConsole, Template) {
    auto definition = test::plain_definition();
    definition.name = "a%c";
    definition.virt_console = {.controllers = 2, .ports = 2, .path_template = {}};
    auto ports = console_ports(definition, 1);
    ASSERT_EQ(ports.size(), 2U);
    EXPECT_EQ(ports[1].name, "virt_console3");
    EXPECT_EQ(ports[1].socket, "/var/run/vc-a%c3.sock");
    definition.virt_console.path_template = "p %c.%p%%=/run/%n";
    ports = console_ports(definition, 1);
    EXPECT_EQ(ports[0].name, "p1.0%");
    EXPECT_EQ(ports[0].socket, "/run/2");
    definition.virt_console.path_template = "x=/run/%r";
    EXPECT_EQ(console_ports(definition, 0)[0].socket.size(), 5U + 8U);
}

TEST(NetworkPlugin, IsNeededForBridges) {
    auto definition = test::plain_definition();
    definition.nics = {test::nic_on(Nic::Attach::user)};
    EXPECT_FALSE(needs_network_plugin(definition));
    definition.nics.push_back(test::nic_on(Nic::Attach::bridge, "br0"));
    EXPECT_TRUE(test::holds(needs_network_plugin(definition).value_or(""), "br0"));
}

}  // namespace
}  // namespace apiary::hypervisor
