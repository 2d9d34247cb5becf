// A VM that is started from a bhyve_config(5) file of its own.
#include <gtest/gtest.h>

#include "hypervisor/bhyve_command.hpp"
#include "hypervisor/faults.hpp"
#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

auto with_base(Settings settings) -> Definition {
    auto definition = test::plain_definition(Loader::uefi);
    definition.name = "bsdvm";
    definition.backend = BackendKind::bhyve;
    definition.bhyve_base = std::make_shared<BhyveBase const>(BhyveBase{"/base", std::move(settings)});
    return definition;
}

void say(Definition& definition, std::string const& key) {
    definition.settings.emplace_back().key = key;
}

auto built(Definition const& definition) -> BhyveCommand {
    auto const result = bhyve_command({.definition = definition,
                                       .contributions = {},
                                       .bhyve = "/usr/sbin/bhyve",
                                       .bootrom = "/BHYVE_UEFI.fd",
                                       .console = "/dev/pts/7"});
    auto const* text = std::get_if<std::string>(&result);
    EXPECT_FALSE(text) << *text;
    return text ? BhyveCommand{} : std::get<BhyveCommand>(result);
}

// A default of ours must not win over what stands in the file.
TEST(BhyveBase, NothingIsAddedThatNobodySaid) {
    auto const command = built(with_base({{"x86.vmexit_on_hlt", "true"}, {"pci.0.29.0.password", "a%%b"}}));
    EXPECT_EQ(command.file, "x86.vmexit_on_hlt=true\npci.0.29.0.password=a%%b\n");
    EXPECT_EQ(test::joined(complete(command, "/run/bhyve.conf")), "/usr/sbin/bhyve -k /run/bhyve.conf bsdvm");
}

TEST(BhyveBase, WhatIsSaidComesAfterIt) {
    auto definition = with_base({{"acpi_tables", "true"}, {"cpus", "2"}});
    definition.acpi_tables = false;
    definition.vmexit_on_halt = true;
    definition.memory_text = "2048M";
    definition.wired_memory = false;
    definition.cpus = {.sockets = 2, .cores = 3, .threads = 1, .pins = {}};
    definition.bootrom = "/rom.fd,/vars.fd";
    for (auto const* key : {"memory", "cores", "wired_memory"}) {
        say(definition, key);
    }
    EXPECT_EQ(built(definition).file,
              "acpi_tables=true\ncpus=2\n"
              "acpi_tables=false\nx86.vmexit_on_hlt=true\nmemory.wired=false\nmemory.size=2048M\n"
              "cpus=6\nsockets=2\ncores=3\nthreads=1\n"
              "lpc.bootrom=/rom.fd\nbootrom=/rom.fd\nlpc.bootvars=/vars.fd\nbootvars=/vars.fd\n"
              "pci.0.1.0.device=lpc\n");
}

TEST(BhyveBase, HostBridgeAndLpcHaveOnePlaceEach) {
    auto definition = with_base({{"pci.0.5.0.device", "hostbridge"}, {"pci.0.1.0.device", "virtio-blk"}});
    definition.hostbridge = HostBridge::amd;
    definition.com[1].kind = ComPort::Kind::device;
    definition.com[1].device.path = "/dev/nmdm0A";
    say(definition, "hostbridge");
    EXPECT_EQ(built(definition).file,
              "pci.0.5.0.device=hostbridge\npci.0.1.0.device=virtio-blk\npci.0.5.0.device=amd_hostbridge\n"
              "lpc.com2.path=/dev/nmdm0A\npci.0.31.0.device=lpc\n");

    definition = with_base({{"pci.0.31.0.device", "lpc"}, {"lpc.com1.path", "stdio"}});
    definition.com[0] = test::auto_port();
    EXPECT_EQ(built(definition).file, "pci.0.31.0.device=lpc\nlpc.com1.path=stdio\nlpc.com1.path=/dev/pts/7\n");

    definition = with_base({});
    definition.hostbridge = HostBridge::standard;
    say(definition, "hostbridge");
    EXPECT_EQ(built(definition).file, "pci.0.0.0.device=hostbridge\n");
}

TEST(BhyveBase, WithoutABaseTheSameKeysCount) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.backend = BackendKind::bhyve;
    definition.acpi_tables = false;
    definition.vmexit_on_halt = false;
    definition.bootrom = "/own.fd,/own.vars";
    auto const argv = test::joined(complete(built(definition), ""));
    EXPECT_EQ(argv.find(" -A"), std::string::npos) << argv;
    EXPECT_EQ(argv.find(" -H"), std::string::npos) << argv;
    EXPECT_NE(argv.find("-l bootrom,/own.fd,/own.vars"), std::string::npos) << argv;
}

TEST(BhyveBase, DevicesStandInTheFileAlone) {
    Options options;
    options.bhyve = "/usr/sbin/bhyve";
    auto definition = with_base({});
    definition.disks.clear();
    definition.nics.clear();
    EXPECT_TRUE(bhyve_faults(definition, options).empty());
    definition.disks = {test::disk_at("/a")};
    auto const faults = bhyve_faults(definition, options);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults.front().key, "disk");
}

TEST(BhyveBase, QemuCannotReadIt) {
    auto definition = with_base({});
    definition.backend = BackendKind::qemu;
    definition.loader = Loader::bios;
    Options options;
    options.qemu = "/usr/bin/qemu-system-x86_64";
    auto const faults = qemu_faults(definition, options);
    ASSERT_FALSE(faults.empty());
    EXPECT_EQ(faults.back().key, "configfile");
}

}  // namespace
}  // namespace apiary::hypervisor
