// vm-bhyve: its folders and switches, what rc.conf adds, and files of every kind.
#include <random>

#include "import_vm_bhyve.hpp"

namespace apiary::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

struct VmBhyveFolder : VmBhyveFixture {};

TEST_F(VmBhyveFolder, Switches) {
    write("vm/.config/system.conf",
          "switch_list=\"plain averylongname tunnel ng v bare\"\n"
          "type_plain=\"standard\"\nports_plain=\"em0 em1\"\nvlan_plain=\"7\"\nprivate_plain=\"yes\"\n"
          "addr_plain=\"10.0.0.1/24\"\nmtu_plain=\"9000\"\nnat_plain=\"yes\"\n"
          "type_tunnel=\"vxlan\"\nvlan_tunnel=\"44\"\ntype_ng=\"netgraph\"\ntype_v=\"vale\"\ntype_bare=\"manual\"\n");
    std::string text = usual;
    int number = 0;
    for (char const* const name : {"plain", "averylongname", "tunnel", "ng", "v", "bare"}) {
        std::string const key = "network" + std::to_string(number++);
        text += key + "_type=virtio-net\n" + key + "_mac=58:9c:fc:00:00:01\n" + key + "_switch=" + name + "\n";
    }
    write("vm/v/v.conf", text);
    run(ImportKind::vm_bhyve, folder + "/vm");
    std::vector<std::string> bridges;
    for (Nic const& nic : vm().nics) {
        bridges.push_back(nic.bridge);
    }
    EXPECT_THAT(bridges, ElementsAre("vm-plain", "", "vm-tunnel", "", "", ""));
    EXPECT_THAT(
        remarks(),
        ElementsAre(HasSubstr("switch 'plain': bridge vm-plain, with the interface(s) em0 em1, over VLAN 7, with the "
                              "address 10.0.0.1/24, with the MTU 9000, with NAT: yes, its VMs kept apart"),
                    HasSubstr("switch 'averylongname': its bridge has no name of its own"),
                    HasSubstr("switch 'tunnel': bridge vm-tunnel, over the vxlan 44"),
                    HasSubstr("switch 'ng': there are no netgraph switches here"),
                    HasSubstr("switch 'v': its vale switch is called vale and the first five characters of: md5 -qs v"),
                    HasSubstr("switch 'bare': system.conf does not name its bridge"),
                    HasSubstr("network1_switch: not carried over: 'averylongname'"),
                    HasSubstr("network3_switch: not carried over: 'ng'"),
                    HasSubstr("network4_switch: not carried over: 'v'"),
                    HasSubstr("network5_switch: not carried over: 'bare'")));
}

TEST_F(VmBhyveFolder, Folders) {
    write("vm/a/a.conf", usual);
    write("vm/b/b.conf", usual);
    write("vm/.templates/default.conf", usual);
    write("vm/.iso/x/x.conf", usual);
    write("vm/other/file", "");
    write("vm/note.txt", "");
    write("more/c/c.conf", std::string{usual} + "disk0_type=nvme\ndisk0_name=d\n");
    write("vm/.config/system.conf", "datastore_list=\"more isos gone\"\npath_more=\"" + folder +
                                        "/more\"\npath_isos=\"iso:/iso\"\npath_gone=\"zfs:tank/gone\"\n");
    run(ImportKind::vm_bhyve, folder + "/vm/");
    EXPECT_THAT(names(), ElementsAre("a", "b", "c"));
    EXPECT_EQ(value("disk", "c"), "nvme:" + folder + "/more/c/d");
    EXPECT_THAT(remarks(), ElementsAre(HasSubstr("path_gone: this datastore is not read")));
    run(ImportKind::vm_bhyve, folder + "/vm/b/b.conf");
    EXPECT_THAT(names(), ElementsAre("b"));
}

TEST_F(VmBhyveFolder, OneFile) {
    write("vm/.config/system.conf", "switch_list=\"other\tlab\"\ntype_lab=manual\nbridge_lab=bridge7\n");
    auto const path = write("vm/v/v.conf", std::string{usual} +
                                               "network0_type=virtio-net\nnetwork0_switch=lab\n"
                                               "disk0_type=nvme\ndisk0_name=d\ndisk0_dev=zvol\n");
    run(ImportKind::vm_bhyve, path);
    EXPECT_EQ(value("network"), "bridge7");
    EXPECT_EQ(value("disk"), "nvme:/dev/zvol/" + folder.substr(1) + "/vm/v/d");
    EXPECT_THAT(remarks(), Contains(HasSubstr("disk0_dev: its ZFS dataset was guessed")));
}

TEST_F(VmBhyveFolder, NothingToRead) {
    run(ImportKind::vm_bhyve, folder);
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("there is no VM here")));
    EXPECT_EQ(imported.text, "");
    run(ImportKind::vm_bhyve, folder + "/v/v.conf");
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("v/v.conf: error: ")));
    run(ImportKind::vm_bhyve, folder + "/gone");
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("gone: error: ")));
    EXPECT_FALSE(imported.ok);
}

TEST_F(VmBhyveFolder, VmsThatAreNotComplete) {
    write("vm/a/a.conf", "loader=uefi\n");
    write("vm/b/b.conf", "memory=1G\n");
    write("vm/c/c.conf", "memory=much\nloader=uefi\n");
    write("vm/d/d.conf", usual);
    run(ImportKind::vm_bhyve, folder + "/vm");
    EXPECT_THAT(names(), ElementsAre("d"));
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("vm a: left out: memory: "), HasSubstr("vm b: left out: loader: "),
                                      HasSubstr("vm c: left out: memory: ")));
    EXPECT_FALSE(imported.ok);
}

TEST_F(VmBhyveFolder, RcConf) {
    import_options.rc_conf = write("rc.conf",
                                   "hostname=\"x\"\nif true; then y=1; fi\nvm_enable=\"YES\"\n"
                                   "vm_dir=\"zfs:tank/guests/vm\"\nvm_list=\"b a\"\nvm_delay=\"5\"\n");
    write("vm/a/a.conf", std::string{usual} + "disk0_type=nvme\ndisk0_name=d\ndisk0_dev=zvol\n");
    write("vm/b/b.conf", std::string{usual} + "on_restart=destroy\n");
    write("vm/c/c.conf", usual);
    run(ImportKind::vm_bhyve, folder + "/vm");
    EXPECT_EQ(value("boot", "a") + value("boot_delay", "a"), "yes5");
    EXPECT_EQ(value("boot", "b") + value("boot_delay", "b"), "oneshot-");
    EXPECT_EQ(value("boot", "c"), "-");
    EXPECT_EQ(value("disk", "a"), "nvme:/dev/zvol/tank/guests/vm/a/d");

    write("rc.conf", "vm_enable=NO\nvm_dir=\"" + folder + "/vm\"\nvm_list=\"b a\"\n");
    run(ImportKind::vm_bhyve, folder + "/vm");
    EXPECT_EQ(value("boot", "a"), "-");

    write("rc.conf", "vm_enable=YES\nvm_dir=/elsewhere\nvm_list=\"b a\"\n");
    run(ImportKind::vm_bhyve, folder + "/vm");
    EXPECT_EQ(value("boot", "a"), "-");
    EXPECT_THAT(remarks(), Contains(HasSubstr("rc.conf: warning: vm_dir: not used: it speaks of another folder")));
}

TEST_F(VmBhyveFolder, ScreensHavePortsOfTheirOwn) {
    for (char const* const name : {"a", "b", "c"}) {
        write(std::string{"vm/"} + name + "/" + name + ".conf",
              std::string{usual} + "graphics=yes\n" + (*name == 'c' ? "graphics_port=5901\n" : ""));
    }
    run(ImportKind::vm_bhyve, folder + "/vm");
    EXPECT_EQ(vm("a").graphics.port, 5900);
    EXPECT_EQ(vm("b").graphics.port, 5902);
    EXPECT_EQ(vm("c").graphics.port, 5901);
}

TEST_F(VmBhyveFolder, OtherTextFiles) {
    import("loader=uefi\r\nmemory=1G\r\n");
    EXPECT_EQ(value("memory"), "1G");
    EXPECT_THAT(remarks(), Contains(HasSubstr("its lines end with CRLF")));
    import(std::string{usual} + "disk0_type=nvme\ndisk0_name=\xff\xc3\xa4\n");
    EXPECT_EQ(shortened(value("disk")), "nvme:~v/\xff\xc3\xa4");
    write("vm/w/w.conf", std::string{"a=\0", 3});
    import(usual);
    EXPECT_THAT(names(), ElementsAre("v"));
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("w/w.conf:1:1: error: this is no text")));
}

// Nothing in a value gets out of its place.
TEST_F(VmBhyveFolder, HostileValues) {
    import(std::string{usual} +
           "vnc_password=x\\\ngraphics=yes\ndisk0_type=nvme\ndisk0_name=a\\};${NAME}\nprestart=*/ }\x1b[0m\n"
           "network0_type=virtio-net\nnetwork0_switch=\\nvm evil {\n");
    EXPECT_THAT(names(), ElementsAre("v"));
    EXPECT_EQ(vm().graphics.password, "x\\");
    EXPECT_EQ(shortened(value("disk")), "nvme:~v/a\\};${NAME}");
    EXPECT_EQ(imported.text.find('\x1b'), std::string::npos);
}

// A guest of the kind that its documentation shows, with much in it.
TEST_F(VmBhyveFolder, Sample) {
    import(R"(# a guest with a desktop
loader="uefi"
graphics="yes"
xhci_mouse="yes"
graphics_res="1600x900"
graphics_wait="no"
cpu="2"
memory="4G"
ahci_device_limit="8"
network0_type="e1000"
network0_switch="public"
network0_mac="58:9c:fc:0a:0b:0c"
disk0_type="ahci-hd"
disk0_name="disk0"
disk0_dev="sparse-zvol"
disk1_type="ahci-cd"
disk1_dev="custom"
disk1_name="/iso/drivers.iso"
utctime="no"
uuid="8c4b1c24-0000-11ef-8d5c-0cc47ab3a1b2"
)");
    EXPECT_TRUE(imported.ok);
    Definition const& definition = vm();
    EXPECT_EQ(definition.loader, Loader::uefi);
    EXPECT_EQ(definition.cpus.count(), 2U);
    EXPECT_EQ(definition.memory_bytes, std::uint64_t{4} << 30U);
    EXPECT_FALSE(definition.utctime);
    ASSERT_EQ(definition.disks.size(), 1U);
    EXPECT_EQ(definition.disks[0].type, DiskType::ahci_hd);
    EXPECT_EQ(definition.disks[0].path.path, "/dev/zvol/tank/vm/v/disk0");
    EXPECT_EQ(definition.isos.at(0).path.path, "/iso/drivers.iso");
    EXPECT_EQ(definition.nics.at(0).type, NicType::e1000);
    EXPECT_EQ(definition.nics.at(0).mac, "58:9c:fc:0a:0b:0c");
    EXPECT_EQ(definition.nics.at(0).bridge, "vm-public");
    EXPECT_TRUE(definition.graphics.on && definition.graphics.xhci_mouse && !definition.graphics.wait);
    EXPECT_EQ(definition.graphics.width, 1600U);
    EXPECT_EQ(definition.com[0].kind, ComPort::Kind::automatic);
    EXPECT_EQ(definition.boot, BootPolicy::no);
}

// Whatever the files say, what is written can be loaded (run() sees to that).
TEST_F(VmBhyveFolder, EveryTextLoads) {
    std::mt19937 random{7};
    std::vector<std::string> const fragments{"loader=",    "uefi",       "grub",
                                             "memory=",    "1G",         "\n",
                                             "\n",         "\n",         "disk0_",
                                             "disk1_",     "name=",      "type=",
                                             "virtio-blk", "dev=",       "zvol",
                                             "opts=",      "network0_",  "switch=",
                                             "mac=",       "public",     "graphics=",
                                             "yes",        "passthru0=", "1/2/3",
                                             "=",          "\"",         "#",
                                             "'",          "$",          "{",
                                             "}",          ";",          "\\",
                                             "//",         "/*",         "bhyve_options=",
                                             "-p ",        "-s ",        ",",
                                             "cpu=",       "2",          "comports=",
                                             "com1",       " ",          "virt_console0=",
                                             "grub_run0=", "\xff",       "\x1b",
                                             "\r",         "sound=",     "hostbridge=",
                                             "é"};
    for (int round = 0; round < 150; ++round) {
        std::string text = std::string{random() % 2 == 0 ? usual : ""};
        text += random_text(random, fragments);
        import(text);
        ASSERT_NO_FATAL_FAILURE(expect_no_control_characters(text));
    }
}

}  // namespace
}  // namespace apiary::config
