#include "hypervisor/bhyve_command.hpp"

#include <gtest/gtest.h>

#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

using test::holds;

// The worked example of bmd for a UEFI guest (its tap0 came from the first bridge).
auto windows() -> Definition {
    auto definition = test::plain_definition(Loader::uefi);
    definition.name = "win";
    definition.backend = BackendKind::bhyve;
    definition.memory_text = "8G";
    definition.cpus = {.sockets = 1, .cores = 4, .threads = 2, .pins = {{.vcpu = 0, .host = 2}}};
    definition.x2apic = true;
    definition.disks = {test::disk_at("/dev/zvol/z/win", DiskType::nvme), test::disk_at("/img/data.img")};
    definition.disks[1].readonly = true;
    definition.isos = {test::iso_at("/iso/virtio.iso")};
    definition.nics = {test::nic_on(Nic::Attach::bridge, "bridge0", NicType::e1000),
                       test::nic_on(Nic::Attach::vale, "vale0")};
    definition.nics[0].mac = "58:9c:fc:00:00:01";
    definition.com[0] = test::auto_port();
    definition.virt_random = true;
    definition.shares = {{.name = "home", .path = {.path = "/home"}}};
    definition.passthru = {"1/0/130"};
    definition.wired_memory = true;
    definition.sounds = {{.play = "/dev/dsp0", .record = "/dev/dsp0"}};
    definition.tpm = Tpm{.type = "passthru", .device = "/dev/tpm0", .version = "2.0"};
    definition.debug_port = "1234";
    definition.graphics.on = true;
    definition.graphics.port = 5901;
    definition.graphics.password = "foo";
    definition.graphics.keymap = "jp";
    definition.graphics.xhci_mouse = true;
    return definition;
}

auto const windows_steps = std::vector<Contribution>{
    test::contributed("tap", "nic0", "tap0"),
    test::contributed("file", "vars", "/usr/local/var/cache/bmd/win.vars"),
};

auto command(Definition const& definition, std::vector<Contribution> const& contributions,
             Numbering numbering = Numbering::bmd) -> BhyveCommand {
    auto const result = bhyve_command({.definition = definition,
                                       .contributions = contributions,
                                       .id = 0,
                                       .numbering = numbering,
                                       .bhyve = "bhyve",
                                       .bootrom = "/usr/local/share/uefi-firmware/BHYVE_UEFI.fd",
                                       .console = "/dev/nmdm200B"});
    auto const* text = std::get_if<std::string>(&result);
    EXPECT_FALSE(text) << *text;
    return text ? BhyveCommand{} : std::get<BhyveCommand>(result);
}

// Literally bmd's, but for the password, which everybody could read there.
TEST(BhyveCommand, BmdsUefiExample) {
    auto const built = command(windows(), windows_steps);
    EXPECT_EQ(test::joined(complete(built, "/run/x/bhyve.conf")),
              "bhyve -A -H -w -x -u -S -G 1234 -c cpus=8,sockets=1,cores=4,threads=2 -p 0:2 -m 8G -l com1,/dev/nmdm200B"
              " -K jp -l bootrom,/usr/local/share/uefi-firmware/BHYVE_UEFI.fd,/usr/local/var/cache/bmd/win.vars"
              " -l tpm,passthru,/dev/tpm0,version=2.0 -s 0:0:0,hostbridge -s 0:1:0,lpc -s 0:2:0,virtio-rnd"
              " -s 0:3:0,nvme,/dev/zvol/z/win -s 0:4:0,virtio-blk,/img/data.img,ro -s 0:5:0,ahci-cd,/iso/virtio.iso"
              " -s 0:6:0,virtio-9p,home=/home -s 0:7:0,e1000,tap0,mac=58:9c:fc:00:00:01"
              " -s 0:8:0,virtio-net,vale0:vm0p1 -s 0:9:0,passthru,1/0/130"
              " -s 0:10:0,hda,play=/dev/dsp0,rec=/dev/dsp0"
              " -s 0:11:0,fbuf,tcp=0.0.0.0:5901,w=1024,h=768,vga=io -s 0:12:0,xhci,tablet"
              " -k /run/x/bhyve.conf win");
    EXPECT_EQ(built.file, "pci.0.11.0.password=foo\n");
}

// What bmd runs after bhyveload and after grub-bhyve: the same without firmware.
TEST(BhyveCommand, BmdsOtherExamples) {
    auto definition = test::plain_definition(Loader::bhyveload);
    definition.name = "fb";
    definition.memory_text = "2G";
    definition.cpus.sockets = 2;
    definition.disks = {test::disk_at("/img/fb")};
    definition.isos = {test::iso_at("/iso/fb.iso")};
    definition.nics = {test::nic_on(Nic::Attach::bridge, "bridge0")};
    definition.com[0] = test::auto_port();
    auto const built = command(definition, {test::contributed("tap", "nic0", "tap0")});
    EXPECT_EQ(test::joined(complete(built, "")),
              "bhyve -A -H -w -u -c cpus=2,sockets=2,cores=1,threads=1 -m 2G -l com1,/dev/nmdm200B -s 0:0:0,hostbridge"
              " -s 0:1:0,lpc -s 0:2:0,virtio-blk,/img/fb -s 0:3:0,ahci-cd,/iso/fb.iso -s 0:4:0,virtio-net,tap0 fb");
    EXPECT_TRUE(built.file.empty());
}

TEST(BhyveCommand, StablePlaces) {
    auto const built = command(windows(), windows_steps, Numbering::stable);
    auto const text = test::joined(complete(built, "F"));
    EXPECT_TRUE(holds(text,
                      " -s 0:0:0,hostbridge -s 0:1:0,lpc -s 0:2:0,virtio-rnd -s 0:14:0,nvme,/dev/zvol/z/win"
                      " -s 0:15:0,virtio-blk,/img/data.img,ro -s 0:22:0,ahci-cd,/iso/virtio.iso"
                      " -s 0:8:0,virtio-9p,home=/home -s 0:10:0,e1000,tap0,mac=58:9c:fc:00:00:01"
                      " -s 0:11:0,virtio-net,vale0:vm0p1 -s 0:26:0,passthru,1/0/130"
                      " -s 0:5:0,hda,play=/dev/dsp0,rec=/dev/dsp0"
                      " -s 0:3:0,fbuf,tcp=0.0.0.0:5901,w=1024,h=768,vga=io -s 0:4:0,xhci,tablet -k F win"));
    EXPECT_EQ(built.file, "pci.0.3.0.password=foo\n");
}

// bhyve_config(5) of the same guest. A comma in a path cannot be written as an argument, so then all of it is in the
// file.
TEST(BhyveCommand, ConfigurationFile) {
    auto definition = windows();
    definition.disks[1].path.path = "/img/data,100%.img";
    auto const built = command(definition, windows_steps);
    EXPECT_EQ(test::joined(complete(built, "F")), "bhyve -k F win");
    EXPECT_EQ(built.file,
              "acpi_tables=true\n"
              "x86.vmexit_on_hlt=true\n"
              "x86.strictmsr=false\n"
              "x86.x2apic=true\n"
              "rtc.use_localtime=false\n"
              "memory.wired=true\n"
              "gdb.port=1234\n"
              "cpus=8\n"
              "sockets=1\n"
              "cores=4\n"
              "threads=2\n"
              "vcpu.0.cpuset=2\n"
              "memory.size=8G\n"
              "lpc.com1.path=/dev/nmdm200B\n"
              "keyboard.layout=jp\n"
              "bootrom=/usr/local/share/uefi-firmware/BHYVE_UEFI.fd\n"
              "bootvars=/usr/local/var/cache/bmd/win.vars\n"
              "tpm.type=passthru\n"
              "tpm.path=/dev/tpm0\n"
              "tpm.version=2.0\n"
              "pci.0.0.0.device=hostbridge\n"
              "pci.0.1.0.device=lpc\n"
              "pci.0.2.0.device=virtio-rnd\n"
              "pci.0.3.0.device=nvme\n"
              "pci.0.3.0.path=/dev/zvol/z/win\n"
              "pci.0.4.0.device=virtio-blk\n"
              "pci.0.4.0.path=/img/data,100%%.img\n"
              "pci.0.4.0.ro=true\n"
              "pci.0.5.0.device=ahci\n"
              "pci.0.5.0.port.0.type=cd\n"
              "pci.0.5.0.port.0.path=/iso/virtio.iso\n"
              "pci.0.6.0.device=virtio-9p\n"
              "pci.0.6.0.sharename=home\n"
              "pci.0.6.0.path=/home\n"
              "pci.0.7.0.device=e1000\n"
              "pci.0.7.0.backend=tap0\n"
              "pci.0.7.0.mac=58:9c:fc:00:00:01\n"
              "pci.0.8.0.device=virtio-net\n"
              "pci.0.8.0.backend=vale0:vm0p1\n"
              "pci.0.9.0.device=passthru\n"
              "pci.0.9.0.bus=1\n"
              "pci.0.9.0.slot=0\n"
              "pci.0.9.0.func=130\n"
              "pci.0.10.0.device=hda\n"
              "pci.0.10.0.play=/dev/dsp0\n"
              "pci.0.10.0.rec=/dev/dsp0\n"
              "pci.0.11.0.device=fbuf\n"
              "pci.0.11.0.tcp=0.0.0.0:5901\n"
              "pci.0.11.0.w=1024\n"
              "pci.0.11.0.h=768\n"
              "pci.0.11.0.vga=io\n"
              "pci.0.12.0.device=xhci\n"
              "pci.0.12.0.slot.1.device=tablet\n"
              "pci.0.11.0.password=foo\n");
}

TEST(BhyveCommand, LessUsualDevices) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.hostbridge = HostBridge::amd;
    definition.utctime = false;
    definition.disks = {test::disk_at("/a", DiskType::ahci_hd)};
    definition.disks[0].nocache = definition.disks[0].direct = definition.disks[0].nodelete = true;
    definition.com[1] = {.kind = ComPort::Kind::tcp, .device = {}, .text = "tcp=127.0.0.1:4000"};
    definition.virt_console = {.controllers = 1, .ports = 2, .path_template = "p%n=/run/%n"};
    definition.graphics.on = true;
    definition.graphics.path = HostPath{.path = "/run/vnc"};
    definition.graphics.wait = true;
    definition.debug_port = "w127.0.0.1:1234";
    auto text = test::joined(command(definition, {}).argv);
    EXPECT_EQ(text,
              "bhyve -A -H -w -G w127.0.0.1:1234 -c cpus=1,sockets=1,cores=1,threads=1 -m 512M"
              " -l com2,tcp=127.0.0.1:4000 -l bootrom,/usr/local/share/uefi-firmware/BHYVE_UEFI.fd"
              " -s 0:0:0,amd_hostbridge -s 0:1:0,lpc -s 0:2:0,ahci-hd,/a,nocache,direct,nodelete"
              " -s 0:3:0,virtio-console,p0=/run/0,p1=/run/1"
              " -s 0:4:0,fbuf,rfb=unix:/run/vnc,w=1024,h=768,vga=io,wait");
    definition.disks[0].path.path = "/a,b";
    text = command(definition, {}).file;
    for (auto const* part : {"gdb.wait=true\ngdb.address=127.0.0.1\ngdb.port=1234\n", "pci.0.2.0.device=ahci\n",
                             "pci.0.2.0.port.0.type=hd\n", "pci.0.2.0.port.0.path=/a,b\n",
                             "pci.0.3.0.port.1.name=p1\npci.0.3.0.port.1.path=/run/1\n",
                             "pci.0.4.0.rfb=unix:/run/vnc\n", "lpc.com2.path=tcp=127.0.0.1:4000\n"}) {
        EXPECT_TRUE(holds(text, part)) << part;
    }
    EXPECT_FALSE(holds(text, "use_localtime"));
}

TEST(BhyveCommand, ManyDevicesDoWithoutTheMpTable) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.disks.assign(31, test::disk_at("/a"));
    EXPECT_EQ(command(definition, {}).argv.back(), "-Y");
    definition.disks.pop_back();
    EXPECT_NE(command(definition, {}).argv.back(), "-Y");
}

TEST(BhyveCommand, DescriptorsInPlaceOfFiles) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.disks = {test::disk_at("/secret")};
    auto const built = command(definition, {test::contributed_fd("disk0")});
    EXPECT_TRUE(holds(test::joined(built.argv), "virtio-blk,/dev/fd/3"));
    EXPECT_EQ(built.fds.size(), 1U);
}

TEST(BhyveCommand, NetworkThatNobodyMade) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.nics = {test::nic_on(Nic::Attach::unattached)};
    std::vector<Contribution> const none;
    auto const result =
        bhyve_command({.definition = definition, .contributions = none, .bhyve = {}, .bootrom = {}, .console = {}});
    EXPECT_TRUE(std::holds_alternative<std::string>(result));
}

}  // namespace
}  // namespace apiary::hypervisor
