// The examples of bmd's README mean here what they mean to bmd.
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Readme : Fixture {
    static constexpr char const* text = R"(
global {
    $imgpath = /dev/zvol/zpool/images;
    $isopath = /zpool/iso;
}
template default_disk {
    disk = ${imgpath}/${NAME};
}
template graphics {
    graphics=yes;
    graphics_port=$((5900 + ${ID}));
    xhci_mouse=yes;
}
template serial {
    comport = auto;
}
template internet {
    network = bridge0;
}
template grub_inspect {
    loader=grub;
    loadcmd="auto";
    installcmd="auto";
}
vm freebsd {
    boot=yes;
    loader_timeout=15;
    ncpu=2;
    memory=2G;
    iso=${isopath}/FreeBSD-13.0-RELEASE-amd64-disc1.iso;
    loader=bhyveload;
    .apply default_disk, serial, internet;
}
vm netbsd {
    boot=yes;
    ncpu=2;
    memory=2G;
    iso=${isopath}/NetBSD-9.2-amd64.iso;
    .apply default_disk, serial, internet, grub_inspect;
}
vm openbsd {
    boot=yes;
    ncpu=2;
    memory=2G;
    iso=${isopath}/OpenBSD-6.9-amd64.iso;
    .apply default_disk, serial, internet, grub_inspect;
}
vm centos {
    boot=yes;
    ncpu=2;
    memory=4G;
    #iso=${isopath}/CentOS-8.2.2004-x86_64-dvd1.iso;
    loader = uefi;
    .apply default_disk, internet, graphics;
}
vm ubuntu {
    boot=yes;
    ncpu=2;
    memory=4G;
    #iso=${isopath}/ubuntu-20.04.2.0-desktop-amd64.iso;
    loader=uefi;
    graphics_res=1280x720;
    .apply default_disk, internet, graphics;
}
)";

    Readme() {
        FileLook const disk{FileLook::Kind::character_device, false}, iso{FileLook::Kind::regular, false};
        for (auto const* const name : {"freebsd", "netbsd", "openbsd", "centos", "ubuntu"}) {
            host.files[std::string{"/dev/zvol/zpool/images/"} + name] = disk;
        }
        for (auto const* const name :
             {"FreeBSD-13.0-RELEASE-amd64-disc1.iso", "NetBSD-9.2-amd64.iso", "OpenBSD-6.9-amd64.iso"}) {
            host.files[std::string{"/zpool/iso/"} + name] = iso;
        }
        load(std::string{text});
    }
};

TEST_F(Readme, AllOfItLoads) {
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("freebsd", "netbsd", "openbsd", "centos", "ubuntu"));
    EXPECT_THAT(result.ids, ElementsAre(0, 1, 2, 3, 4));
}

struct Expected {
    char const* name;
    char const* memory;
    Loader loader;
    char const* iso;
    ComPort::Kind com1;
    bool automatic;  // loadcmd and installcmd
    int port;        // 0: no graphics
    unsigned width;
};

TEST_F(Readme, MeansTheSame) {
    constexpr auto console = ComPort::Kind::automatic, none = ComPort::Kind::absent;
    for (Expected const& e : {
             Expected{"freebsd", "2G", Loader::bhyveload, "/zpool/iso/FreeBSD-13.0-RELEASE-amd64-disc1.iso", console,
                      false, 0, 1024},
             Expected{"netbsd", "2G", Loader::grub, "/zpool/iso/NetBSD-9.2-amd64.iso", console, true, 0, 1024},
             Expected{"openbsd", "2G", Loader::grub, "/zpool/iso/OpenBSD-6.9-amd64.iso", console, true, 0, 1024},
             Expected{"centos", "4G", Loader::uefi, "", none, false, 5903, 1024},
             Expected{"ubuntu", "4G", Loader::uefi, "", none, false, 5904, 1280},
         }) {
        SCOPED_TRACE(e.name);
        Definition const& d = vm(e.name);
        EXPECT_EQ(d.boot, BootPolicy::yes);
        EXPECT_EQ(d.cpus.count(), 2U);
        EXPECT_EQ(d.memory_text, e.memory);
        EXPECT_EQ(d.loader, e.loader);
        EXPECT_EQ(d.loader_timeout, std::chrono::seconds{15});
        EXPECT_EQ(d.disks.at(0).path.path, std::string{"/dev/zvol/zpool/images/"} + e.name);
        EXPECT_EQ(d.disks.at(0).type, DiskType::virtio_blk);
        EXPECT_EQ(d.isos.empty() ? "" : d.isos.at(0).path.path, e.iso);
        EXPECT_EQ(d.nics.at(0).bridge, "bridge0");
        EXPECT_EQ(d.com[0].kind, e.com1);
        EXPECT_EQ(d.loadcmd.value_or(""), e.automatic ? "auto" : "");
        EXPECT_EQ(d.installcmd.value_or(""), e.automatic ? "auto" : "");
        EXPECT_EQ(d.graphics.on, e.port > 0);
        EXPECT_EQ(d.graphics.xhci_mouse, e.port > 0);
        EXPECT_EQ(d.graphics.port, e.port > 0 ? e.port : 5900);
        EXPECT_EQ(d.graphics.width, e.width);
        EXPECT_EQ(d.owner_name, "root");
    }
}

// The values that its tables name.
TEST_F(Readme, ValuesOfItsTables) {
    host.files["/var/images/vm-disk-0"] = host.files["/var/images/vm-disk-1"] = {FileLook::Kind::regular, false};
    load_vm(
        "comport = /dev/nmdm0B; disk = /var/images/vm-disk-0, nvme:/var/images/vm-disk-1; sharefs = "
        "'homeA=/home/userA'; graphics_res = 1280x720; installcmd = \"kopenbsd -h com0 (cd0)/6.9/amd64/bsd.rd\"; "
        "loadcmd = \"kopenbsd -h com0 -r sd0a (hd0,gpt4)/bsd\"; network = bridge0, vale1; passthru = 1/0/130; "
        "hostbridge = amd; ncpu = 2:4:2; graphics_vga = off; boot = oneshot;");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(vm().loadcmd, "kopenbsd -h com0 -r sd0a (hd0,gpt4)/bsd");
    EXPECT_EQ(vm().cpus.count(), 16U);
    EXPECT_TRUE(vm().wired_memory);
    EXPECT_TRUE(vm().graphics.on);
    load(
        "global { cmd_socket_path = /var/run/bmd.sock; cmd_socket_mode = 0600; vars_directory = "
        "/usr/local/var/cache/bmd; nmdm_offset = 200; pid_file = /var/run/bmd.pid; }");
    EXPECT_THAT(said(), IsEmpty());
}

}  // namespace
}  // namespace apiary::config
