#include "hypervisor/faults.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

auto keys(std::vector<Hypervisor::Fault> const& faults) -> std::vector<std::string> {
    std::vector<std::string> found;
    for (auto const& fault : faults) {
        EXPECT_FALSE(fault.text.empty());
        found.push_back(fault.key);
    }
    return found;
}

struct Case {
    std::string key;
    std::function<void(Definition&)> change;
};

auto qemu_options() -> Options {
    auto options = default_options();
    options.qemu = "/usr/bin/qemu-system-x86_64";
    options.ovmf_code = options.ovmf_vars = "/there";
    return options;
}

TEST(QemuFaults, APlainGuestHasNone) {
    for (auto const loader : {Loader::bios, Loader::uefi}) {
        EXPECT_TRUE(qemu_faults(test::plain_definition(loader), qemu_options()).empty());
    }
}

TEST(QemuFaults, EachOfThem) {
    std::vector<Case> const cases{
        {"loader", [](Definition& d) { d.loader = Loader::grub; }},
        {"loader", [](Definition& d) { d.loader = Loader::bhyveload; }},
        {"loader", [](Definition& d) { d.loader = Loader::csm; }},
        {"kernel", [](Definition& d) { d.loader = Loader::kernel; }},
        {"network", [](Definition& d) { d.nics = {test::nic_on(Nic::Attach::vale, "vale0")}; }},
        {"hda", [](Definition& d) { d.sounds = {{.play = "/dev/dsp", .record = {}}}; }},
        {"bhyve_env", [](Definition& d) { d.bhyve_env = {"A=b"}; }},
        {"cpu_pin", [](Definition& d) { d.cpus.pins = {{.vcpu = 0, .host = 0}}; }},
        {"passthru", [](Definition& d) { d.passthru = {"ppt0"}; }},
        {"passthru", [](Definition& d) { d.passthru = {"1/0/8"}; }},
        {"sharefs", [](Definition& d) { d.shares = {{.name = "x", .path = {.path = "/", .trusted = false}}}; }},
        {"sharefs", [](Definition& d) { d.shares = {{.name = std::string(32, 'x'), .path = {.path = "/"}}}; }},
        {"debug_port", [](Definition& d) { d.debug_port = "w1234"; }},
        {"tpm", [](Definition& d) { d.tpm = Tpm{.type = "other", .device = "/x", .version = {}}; }},
        {"com2", [](Definition& d) { d.com[0] = d.com[1] = test::auto_port(); }},
        {"com1", [](Definition& d) { d.com[0].kind = ComPort::Kind::stdio; }},
        {"iso", [](Definition& d) { d.isos.assign(33, test::iso_at("/i")); }},
        {"disk", [](Definition& d) { d.disks = {test::disk_at("/a\nb")}; }},
        {"disk",
         [](Definition& d) {
             d.disks = {test::disk_at("/a", DiskType::ahci_hd)};
             d.disks[0].readonly = true;
         }},
        {"graphics_port", [](Definition& d) { d.graphics.on = true, d.graphics.port = 5899; }},
        {"graphics_wait", [](Definition& d) { d.graphics.on = d.graphics.wait = true; }},
        {"graphics_res", [](Definition& d) { d.graphics.on = true, d.graphics.width = 1'000'000; }},
        {"graphics_listen", [](Definition& d) { d.graphics.on = true, d.graphics.listen = "x,to=9"; }},
        {"graphics_password", [](Definition& d) { d.graphics.on = true, d.graphics.password = "a\nb"; }},
        {"keymap", [](Definition& d) { d.graphics.on = true, d.graphics.keymap = "../../etc/shadow"; }},
    };
    for (auto const& [key, change] : cases) {
        auto definition = test::plain_definition();
        change(definition);
        EXPECT_EQ(keys(qemu_faults(definition, qemu_options())), std::vector{key});
    }
}

TEST(QemuFaults, WhatTheHostLacks) {
    EXPECT_EQ(keys(qemu_faults(test::plain_definition(Loader::uefi), Options{})),
              (std::vector<std::string>{"backend", "loader"}));
}

TEST(BhyveFaults, EachOfThem) {
    Options options;
    options.bhyve = "/usr/sbin/bhyve";
    EXPECT_TRUE(bhyve_faults(test::plain_definition(Loader::uefi), options).empty());
    std::vector<Case> const cases{
        {"loader", [](Definition& d) { d.loader = Loader::bios; }},
        {"loader", [](Definition& d) { d.loader = Loader::kernel; }},
        {"loader", [](Definition& d) { d.loader = Loader::grub; }},
        {"network", [](Definition& d) { d.nics = {test::nic_on(Nic::Attach::user)}; }},
        {"sharefs", [](Definition& d) { d.shares = {{.name = "x", .path = {.path = "/", .trusted = false}}}; }},
        {"graphics_password", [](Definition& d) { d.graphics.password = "a\npci.0.5.0.device=hda"; }},
        {"virt_console_template",
         [](Definition& d) {
             d.file_owner = 1000;
             d.virt_console = {.controllers = 1, .ports = 1, .path_template = "x=/etc/passwd"};
         }},
    };
    for (auto const& [key, change] : cases) {
        auto definition = test::plain_definition(Loader::uefi);
        change(definition);
        EXPECT_EQ(keys(bhyve_faults(definition, options)), std::vector{key});
    }
}

TEST(BhyveFaults, NeedsFreeBsd) {
    auto const faults = bhyve_faults(test::plain_definition(Loader::uefi), Options{});
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].text, "backend bhyve needs FreeBSD");
}

}  // namespace
}  // namespace apiary::hypervisor
