#include "hypervisor/qemu_command.hpp"

#include <gtest/gtest.h>

#include "unit/hypervisor/helpers.hpp"

namespace apiary::hypervisor {
namespace {

using test::holds;

auto qemu_words(Definition const& definition, std::vector<Contribution> const& contributions = {}, bool kvm = false)
    -> QemuCommand {
    auto const result = qemu_command({.definition = definition,
                                      .contributions = contributions,
                                      .qemu = "/usr/bin/qemu-system-x86_64",
                                      .ovmf_code = "/usr/share/OVMF/OVMF_CODE_4M.fd",
                                      .kvm = kvm,
                                      .as_root = true,
                                      .monitor = test::some_fd(),
                                      .console = console_port(definition) ? test::some_fd() : nullptr,
                                      .secret = definition.graphics.password ? test::some_fd() : nullptr});
    auto const* text = std::get_if<std::string>(&result);
    EXPECT_FALSE(text) << *text;
    return text ? QemuCommand{} : std::get<QemuCommand>(result);
}

auto line(Definition const& definition, std::vector<Contribution> const& contributions = {}) -> std::string {
    return test::joined(qemu_words(definition, contributions).argv);
}

TEST(QemuCommand, SmallGuest) {
    auto definition = test::plain_definition();
    definition.com[0] = test::auto_port();
    definition.disks = {test::disk_at("/img/web.img")};
    definition.nics = {test::nic_on(Nic::Attach::user)};
    auto const built = qemu_words(definition);
    EXPECT_EQ(test::joined(built.argv),
              "/usr/bin/qemu-system-x86_64 -nodefaults -no-user-config -name guest=web"
              " -machine q35,usb=off,vmport=off,dump-guest-core=off -accel tcg -cpu max"
              " -smp cpus=1,sockets=1,cores=1,threads=1,maxcpus=1 -m size=524288k -rtc base=utc"
              " -action reboot=reset,shutdown=pause,panic=pause -device pvpanic"
              " -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny -msg timestamp=on"
              " -chardev socket,id=qmp,fd=3,server=on,wait=off -mon chardev=qmp,mode=control -S"
              " -chardev socket,id=com1,fd=4 -device isa-serial,chardev=com1,index=0 -boot strict=on"
              " -drive if=none,id=disk0,file=/img/web.img,format=raw,cache=writeback,discard=unmap,auto-read-only=off"
              " -device virtio-blk-pci,addr=0e.0,drive=disk0,serial=disk0,bootindex=1"
              " -netdev user,id=nic0 -device virtio-net-pci,addr=0a.0,netdev=nic0,mac=" +
                  stable_mac(definition, 0) + ",romfile= -display none");
    ASSERT_EQ(built.fds.size(), 2U);
    EXPECT_EQ(built.fds[0].number, 3);
    EXPECT_EQ(built.fds[1].number, 4);
}

TEST(QemuCommand, EverythingElse) {
    auto definition = test::plain_definition(Loader::uefi);
    definition.name = "big, one";
    definition.cpus = {.sockets = 1, .cores = 4, .threads = 2, .pins = {}};
    definition.utctime = false;
    definition.wired_memory = true;
    definition.install = true;
    definition.com[1] = {.kind = ComPort::Kind::device, .device = {.path = "/dev/ttyS1"}, .text = "/dev/ttyS1"};
    definition.com[3] = {.kind = ComPort::Kind::tcp, .device = {}, .text = "tcp=127.0.0.1:4000"};
    auto nvme = test::disk_at("/a,b.qcow2", DiskType::nvme);
    nvme.nocache = nvme.direct = nvme.nodelete = nvme.readonly = true;
    definition.disks = {nvme, test::disk_at("/c", DiskType::ahci_hd)};
    definition.isos = {test::iso_at("/iso")};
    definition.shares = {{.name = "home", .path = {.path = "/home"}, .readonly = true}};
    definition.nics = {test::nic_on(Nic::Attach::bridge, "br0", NicType::e1000)};
    definition.nics[0].mac = "58:9c:fc:00:00:01";
    definition.passthru = {"1/16/2"};
    definition.virt_random = true;
    definition.virt_console = {.controllers = 1, .ports = 1, .path_template = "p=/run/p"};
    definition.tpm = Tpm{.type = "swtpm", .device = "/run/tpm", .version = "2.0"};
    definition.debug_port = "1234";
    definition.graphics.on = true;
    definition.graphics.listen = "::1";
    definition.graphics.port = 5901;
    definition.graphics.keymap = "jp";
    definition.graphics.xhci_mouse = true;
    std::vector<Contribution> const contributions{test::contributed_fd("vars"),
                                                  test::contributed("tap", "nic0", "tap7")};
    EXPECT_EQ(
        test::joined(qemu_words(definition, contributions, true).argv),
        "/usr/bin/qemu-system-x86_64 -nodefaults -no-user-config -name guest=big,, one"
        " -machine q35,usb=off,vmport=off,dump-guest-core=off -accel kvm -cpu host"
        " -smp cpus=8,sockets=1,cores=4,threads=2,maxcpus=8 -m size=524288k -overcommit mem-lock=on -rtc base=localtime"
        " -action reboot=shutdown,shutdown=pause,panic=pause -device pvpanic"
        " -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny -msg timestamp=on"
        " -chardev socket,id=qmp,fd=3,server=on,wait=off -mon chardev=qmp,mode=control -S"
        " -chardev serial,id=com2,path=/dev/ttyS1 -device isa-serial,chardev=com2,index=1"
        " -chardev socket,id=com4,host=127.0.0.1,port=4000,server=on,wait=off -device isa-serial,chardev=com4,index=3"
        " -boot strict=on -drive if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd"
        " -add-fd fd=4,set=4,opaque=vars"
        " -drive if=pflash,unit=1,format=raw,auto-read-only=off,file=/dev/fdset/4"
        " -object rng-builtin,id=rng0 -device virtio-rng-pci,addr=02.0,rng=rng0"
        " -drive if=none,id=disk0,file=/a,,b.qcow2,format=qcow2,cache=directsync,discard=ignore,auto-read-only=off,"
        "readonly=on -device nvme,addr=0e.0,drive=disk0,serial=disk0,bootindex=2"
        " -drive if=none,id=disk1,file=/c,format=raw,cache=writeback,discard=unmap,auto-read-only=off"
        " -device ich9-ahci,addr=0f.0,id=sata-disk1"
        " -device ide-hd,bus=sata-disk1.0,drive=disk1,serial=disk1,bootindex=3"
        " -drive if=none,id=iso0,media=cdrom,file=/iso,format=raw,auto-read-only=off,readonly=on"
        " -device ich9-ahci,addr=16.0,id=sata-iso0 -device ide-cd,bus=sata-iso0.0,drive=iso0,serial=iso0,bootindex=1"
        " -fsdev local,id=share0,path=/home,security_model=passthrough,readonly=on"
        " -device virtio-9p-pci,addr=08.0,fsdev=share0,mount_tag=home"
        " -netdev tap,id=nic0,ifname=tap7,script=no,downscript=no"
        " -device e1000,addr=0a.0,netdev=nic0,mac=58:9c:fc:00:00:01,romfile="
        " -device vfio-pci,addr=1a.0,host=0000:01:10.2"
        " -device virtio-serial-pci,addr=06.0,id=vc0,max_ports=17"
        " -chardev socket,id=vc0p0,path=/run/p,server=on,wait=off"
        " -device virtserialport,bus=vc0.0,nr=1,chardev=vc0p0,name=p"
        " -device VGA,addr=03.0,xres=1024,yres=768,vgamem_mb=16"
        " -device qemu-xhci,addr=04.0,id=xhci -device usb-tablet,bus=xhci.0"
        " -display none -vnc [::1]:1 -k ja"
        " -chardev socket,id=tpm-socket,path=/run/tpm -tpmdev emulator,id=tpm0,chardev=tpm-socket"
        " -device tpm-tis,tpmdev=tpm0 -gdb tcp:127.0.0.1:1234");
}

TEST(QemuCommand, Kernel) {
    auto definition = test::plain_definition(Loader::kernel);
    definition.kernel = HostPath{.path = "/boot/vmlinuz"};
    definition.initrd = HostPath{.path = "/boot/initrd"};
    definition.cmdline = "quiet console=ttyS0,115200";
    EXPECT_TRUE(
        holds(line(definition), " -kernel /boot/vmlinuz -initrd /boot/initrd -append quiet console=ttyS0,115200 "));
    auto const handed = line(definition, {test::contributed_fd("kernel"), test::contributed_fd("initrd")});
    EXPECT_TRUE(holds(handed, " -kernel /dev/fd/4 -initrd /dev/fd/5 "));
}

TEST(QemuCommand, DescriptorsInPlaceOfFiles) {
    auto definition = test::plain_definition();
    definition.disks = {test::disk_at("/secret/place")};
    definition.isos = {test::iso_at("/secret/iso")};
    auto const built = qemu_words(definition, {test::contributed_fd("disk0"), test::contributed_fd("iso0")});
    auto const text = test::joined(built.argv);
    EXPECT_TRUE(holds(text, "-add-fd fd=4,set=4,opaque=disk0 -drive if=none,id=disk0,file=/dev/fdset/4,"));
    EXPECT_TRUE(holds(text, "-add-fd fd=5,set=5,opaque=iso0 -drive if=none,id=iso0,media=cdrom,file=/dev/fdset/5,"));
    EXPECT_FALSE(holds(text, "/secret"));
    EXPECT_EQ(built.fds.size(), 3U);
}

TEST(QemuCommand, SkippedDisk) {
    auto definition = test::plain_definition();
    definition.disks = {test::disk_at("/a"), test::disk_at("/b")};
    auto const text = line(definition, {test::contributed("skip", "disk0", "")});
    EXPECT_FALSE(holds(text, "/a"));
    EXPECT_TRUE(holds(text, "addr=0f.0,drive=disk1,serial=disk1,bootindex=1"));
}

TEST(QemuCommand, NoSecretInTheArguments) {
    auto definition = test::plain_definition();
    definition.graphics.on = true;
    definition.graphics.path = HostPath{.path = "/run/vnc,1"};
    definition.graphics.password = "hunter2";
    auto const text = line(definition);
    EXPECT_FALSE(holds(text, "hunter2"));
    EXPECT_TRUE(holds(text,
                      "-object secret,id=vnc-password,file=/dev/fd/4"
                      " -vnc unix:/run/vnc,,1,password-secret=vnc-password"));
    // Where the socket was made for it, it gets it through the monitor.
    EXPECT_TRUE(holds(line(definition, {test::contributed_fd("vnc")}), "-vnc none,password-secret=vnc-password"));
}

TEST(QemuCommand, NeverQcow2ForWhoHasFewerRights) {
    auto definition = test::plain_definition();
    definition.disks = {test::disk_at("/home/u/disk.qcow2")};
    definition.disks[0].path.trusted = false;
    definition.disks[0].path.opened_as = 1000;
    EXPECT_TRUE(holds(line(definition, {test::contributed_fd("disk0")}), ",format=raw,"));
}

TEST(QemuCommand, NetworkThatNobodyMade) {
    auto definition = test::plain_definition();
    definition.nics = {test::nic_on(Nic::Attach::bridge, "br0")};
    std::vector<Contribution> const none;
    auto const result = qemu_command({.definition = definition,
                                      .contributions = none,
                                      .qemu = "/q",
                                      .ovmf_code = {},
                                      .monitor = test::some_fd(),
                                      .console = {},
                                      .secret = {}});
    ASSERT_TRUE(std::holds_alternative<std::string>(result));
    EXPECT_TRUE(holds(std::get<std::string>(result), "network plugin"));
    EXPECT_TRUE(holds(line(definition, {test::contributed_fd("nic0")}), "-netdev tap,id=nic0,fd=4 "));
}

TEST(QemuCommand, NetworkBootOnlyWhereNothingElseIs) {
    auto definition = test::plain_definition();
    definition.nics = {test::nic_on(Nic::Attach::user)};
    EXPECT_FALSE(holds(line(definition), "romfile="));
}

TEST(QemuCommand, SharedSlots) {
    auto definition = test::plain_definition();
    definition.disks.assign(9, test::disk_at("/d"));
    auto text = line(definition);
    EXPECT_TRUE(holds(text, "addr=0e.0,multifunction=on,drive=disk0,"));
    EXPECT_TRUE(holds(text, "addr=0e.1,drive=disk8,"));
    text = line(definition, {test::contributed("skip", "disk0", "")});
    EXPECT_TRUE(holds(text, "-device pcie-root-port,addr=0e.0,multifunction=on,id=gap14,chassis=14,slot=14"));
}

TEST(QemuWords, StableMac) {
    auto definition = test::plain_definition();
    auto const mac = stable_mac(definition, 0);
    EXPECT_EQ(mac.size(), 17U);
    EXPECT_EQ(mac.substr(0, 3), "02:");
    EXPECT_NE(mac, stable_mac(definition, 1));
    definition.name = "WEB";  // the same VM
    EXPECT_EQ(mac, stable_mac(definition, 0));
    definition.name = "web2";
    EXPECT_NE(mac, stable_mac(definition, 0));
}

TEST(QemuWords, Passthru) {
    EXPECT_EQ(vfio_host("1/0/0"), "0000:01:00.0");
    EXPECT_EQ(vfio_host("255/31/7"), "0000:ff:1f.7");
    for (auto const* bad :
         {"ppt0", "1/0", "1/0/8", "1/0/130", "9/9/9", "256/0/0", "1/32/0", "1/31/8", "//", "1/0/0x", ""}) {
        EXPECT_FALSE(vfio_host(bad)) << bad;
    }
}

TEST(QemuWords, DebugPort) {
    EXPECT_EQ(gdb_address("1234"), "tcp:127.0.0.1:1234");
    EXPECT_EQ(gdb_address("0.0.0.0:1234"), "tcp:0.0.0.0:1234");
    for (auto const* bad : {"w1234", "", "0", "65536", "host,server:1", ":1", "1x"}) {
        EXPECT_FALSE(gdb_address(bad)) << bad;
    }
}

}  // namespace
}  // namespace apiary::hypervisor
