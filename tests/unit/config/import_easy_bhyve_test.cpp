// easy-bhyve: its variables, one by one, and what its documentation shows.
#include <random>

#include "import_fixture.hpp"

namespace apiary::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct EasyBhyve : ImportFixture {
    static constexpr auto usual = "bridge=bridge0\nnetif=igb0\nvolroot=zroot/vm\n";

    void import(std::string const& text) {
        write("easy-bhyve.conf", text);
        run(ImportKind::easy_bhyve, folder);
    }
};

TEST_F(EasyBhyve, Variables) {
    // Beside v_id=3 and what is usual.
    for (Meaning const& row : std::initializer_list<Meaning>{
             {"", "loader", "grub"},
             {"v_freebsd=YES", "loader", "bhyveload"},
             {"v_freebsd=NO", "loader", "grub"},
             {"", "memory", "512M"},
             {"mem=1G", "memory", "1G"},
             {"mem=1G\nv_mem=512m", "memory", "512m"},
             {"v_mem=2048M", "memory", "2048M"},
             {"", "ncpu", "4"},  // half of seven, as easy-bhyve rounds
             {"cpu=2", "ncpu", "2"},
             {"cpu=2\nv_cpu=3", "ncpu", "3"},
             {"", "disk", "/dev/zvol/zroot/vm/v"},
             {"volroot=/vm", "disk", "/vm/v"},
             {"v_zvol=tank/x", "disk", "/dev/zvol/tank/x"},
             {"v_hd0=/img/x.img", "disk", "/img/x.img"},
             {"v_hd0=/img/0 v_hd1=/img/1\nv_hd2='/img dir/2'", "disk", "/img/0 /img/1 /img dir/2"},
             {"v_hd1=/img/1", "disk", "/dev/zvol/zroot/vm/v /img/1"},
             {"v_hd2=/img/2", "disk", "/dev/zvol/zroot/vm/v"},
             {"v_cd0=/iso/x.iso", "iso", "noexist:/iso/x.iso"},
             {"p=/iso\nv_cd0=${p}/x.iso", "iso", "noexist:/iso/x.iso"},
             {"", "iso", "-"},
             {"", "network", "bridge0"},
             {"v_if0_bridge=bridge5", "network", "bridge5"},
             {"v_if0=tap50", "network", "bridge0"},
             {"v_if1=tap50", "network", "bridge0 bridge0"},
             {"v_if1=tap50 v_if1_bridge=bridge1", "network", "bridge0 bridge1"},
             {"v_if2=tap51", "network", "bridge0"},
             {"", "com1", "auto"},
             {"v_grub_bootpart=gpt2", "grub_run_partition", "gpt2"},
             {"v_grub_bootcmd='linux (hd0,1)/x; initrd /y'", "loadcmd", "linux (hd0,1)/x; initrd /y"},
             {"v_grub_install=\"knetbsd -h -r cd0a (cd0)/netbsd\"", "installcmd", "knetbsd -h -r cd0a (cd0)/netbsd"},
             {"v_grub_boot=old", "loadcmd", "old"},
             {"v_grub_inst=old", "installcmd", "old"},
             {"v_grub_boot=old v_grub_bootcmd=new", "loadcmd", "new"},
             {"v_freebsd=YES\nv_grub_bootcmd=x", "loadcmd", "-"},
             {"", "boot", "-"},
         }) {
        import(std::string{usual} + "v_id=3\n" + row.text);
        EXPECT_EQ(value(row.key), row.value) << row.text << "\n" << imported.text;
        EXPECT_THAT(faults(), IsEmpty()) << row.text;
        EXPECT_TRUE(imported.ok) << row.text;
    }
}

TEST_F(EasyBhyve, WhatIsNotCarriedOver) {
    for (Remark const& row : std::initializer_list<Remark>{
             {"v_hd2=/img/2",
              "easy-bhyve.conf:5:1: warning: vm v: v_hd2: not carried over: easy-bhyve does not use it "
              "either, for hd1 is not set"},
             {"v_if2=tap1", "vm v: v_if2: not carried over: easy-bhyve does not use it either"},
             {"v_if2_bridge=b", "vm v: v_if2_bridge: not carried over: easy-bhyve does not use it either"},
             {"v_color=red", "v_color: not carried over: it is no variable of easy-bhyve's"},
             {"snapshot_item=name", "snapshot_item: not carried over: volumes and snapshots"},
             {"v_cpu=$(sysctl -n hw.ncpu)", "vm v: v_cpu: not carried over: only a shell can work out"},
             {"v_cd0=~/x.iso", "vm v: v_cd0: not carried over: only a shell can work out '~'"},
             {"v_cpu=many", "vm v: v_cpu: ncpu = 'many' is not possible: invalid value"},
             {"v_cd0=x.iso", "vm v: v_cd0: iso = 'noexist:x.iso' is not possible"},
             {"v_if0_bridge='a b'", "vm v: v_if0_bridge: network = 'a b' is not possible"},
             {"bridge=", "vm v: if0_bridge: its bridge is not known"},
             {"volroot=", "vm v: volroot: its disk is not known"},
             {"kldload vmm", "not read: a shell would have to run this ('kldload')"},
             {"w_id=one", "w_id: this is no number"},
         }) {
        import(std::string{usual} + "v_id=3\n" + row.text);
        EXPECT_THAT(remarks(), Contains(HasSubstr(row.said))) << row.text;
        EXPECT_THAT(names(), ElementsAre("v")) << row.text;
        EXPECT_TRUE(imported.ok) << row.text;
    }
}

// A helper variable is none of them.
TEST_F(EasyBhyve, VariablesOfItsOwnAreNotTold) {
    import(std::string{usual} + "iso=/iso\nv_id=3\nv_ver=1.2\nv_cd0=$iso/x-$v_ver.iso\nebdir=eb");
    EXPECT_EQ(value("iso"), "noexist:/iso/x-1.2.iso");
    EXPECT_THAT(remarks(), IsEmpty());
}

TEST_F(EasyBhyve, AVmThatIsNotCompleteStaysAComment) {
    import(std::string{usual} + "w_id=1\nv_id=3\nv_mem=$(rm -rf /)\n");
    EXPECT_THAT(names(), ElementsAre("w"));
    EXPECT_FALSE(imported.ok);
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("easy-bhyve.conf:5:1: error: vm v: left out: memory: this key is "
                                                "required")));
    EXPECT_THAT(imported.text, HasSubstr("\n# vm v {\n#     loader = grub;\n"));
    EXPECT_THAT(imported.text, HasSubstr("v_mem: not carried over: only a shell can work out '$(rm -rf /)'"));
}

TEST_F(EasyBhyve, NamesThatMeanTheSame) {
    import(std::string{usual} + "v_id=1\nV_id=2\n");
    EXPECT_THAT(names(), ElementsAre("v"));
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("vm V: left out: there is a VM of this name already")));
}

TEST_F(EasyBhyve, OfSeveralHosts) {
    write("easy-bhyve.conf", "bridge=b0\nvolroot=/vm\nv_id=1\nv_mem=1G\n");
    write("easy-bhyve-alpha.conf", "v_mem=2G\n");
    write("easy-bhyve-beta.conf", "v_mem=3G\n");
    run(ImportKind::easy_bhyve, folder);
    EXPECT_EQ(value("memory"), "2G");
    EXPECT_THAT(remarks(), ElementsAre(HasSubstr("easy-bhyve-beta.conf: warning: this is for another host")));
    run(ImportKind::easy_bhyve, folder + "/easy-bhyve-beta.conf");  // with the common one
    EXPECT_EQ(value("memory"), "3G");
    run(ImportKind::easy_bhyve, folder + "/easy-bhyve.conf");  // alone
    EXPECT_EQ(value("memory"), "1G");
}

TEST_F(EasyBhyve, WithoutTheCommonFile) {
    write("easy-bhyve-alpha.conf", std::string{usual} + "v_id=1\n");
    run(ImportKind::easy_bhyve, folder);
    EXPECT_THAT(names(), ElementsAre("v"));
    run(ImportKind::easy_bhyve, folder + "/easy-bhyve-alpha.conf");
    EXPECT_THAT(names(), ElementsAre("v"));
}

TEST_F(EasyBhyve, NothingToRead) {
    run(ImportKind::easy_bhyve, folder);
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("there is neither easy-bhyve.conf nor easy-bhyve-alpha.conf here")));
    run(ImportKind::easy_bhyve, folder + "/nothing");
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("nothing: error: ")));
    import("# nothing\n");
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("there is no VM")));
    EXPECT_EQ(imported.text, "");
    EXPECT_FALSE(imported.ok);
}

TEST_F(EasyBhyve, OtherTextFiles) {
    import("bridge=b0\r\nvolroot=/vm\r\nv_id=1\r\n");
    EXPECT_EQ(value("network"), "b0");
    EXPECT_THAT(remarks(), ElementsAre(HasSubstr("its lines end with CRLF")));
    import("\xEF\xBB\xBFvolroot='/vm/\xff\xc3\xa4'\nbridge=b0\nv_id=1\n");
    EXPECT_EQ(value("disk"), "/vm/\xff\xc3\xa4/v");
    import(std::string{"v_id=1\nx=a\0b\n", 13});
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("easy-bhyve.conf:2:1: error: this is no text")));
}

// The VMs of its documentation: four systems, two cards, and what belongs to all.
TEST_F(EasyBhyve, Documentation) {
    import(R"(
iso_path=/isofile_dir/ISO		# where they are
bridge=bridge0 # default
netif=igb0
volroot=zroot/vm
ebdir=eb
cpu=1
mem=256M

fbsd0_id=1
fbsd0_cd0=${iso_path}/FreeBSD-11.1-RELEASE-amd64-disc1.iso
fbsd0_freebsd=YES	# without grub-bhyve
deb0_id=2
deb0_cd0=${iso_path}/debian-9.2.1-amd64-netinst.iso
deb0_cpu=2
deb0_mem=1024M
deb0_grub_bootpart=msdos1
nbsd0_id=3
nbsd0_cd0=${iso_path}/NetBSD-7.0.1-amd64.iso
nbsd0_grub_install="knetbsd -h -r cd0a (cd0)/netbsd"
nbsd0_grub_bootcmd="knetbsd -h -r /dev/rld0a (hd0,netbsd1)/netbsd"
obsd0_id=4
obsd0_ver=7.5
obsd0_grub_install="kopenbsd -h com0 (cd0)/${obsd0_ver}/amd64/bsd.rd"
two_id=6
two_if1=tap50
two_if1_bridge=bridge1
)");
    EXPECT_TRUE(imported.ok);
    EXPECT_THAT(remarks(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("fbsd0", "deb0", "nbsd0", "obsd0", "two"));
    EXPECT_EQ(vm("fbsd0").loader, Loader::bhyveload);
    EXPECT_EQ(vm("fbsd0").memory_bytes, 256U << 20U);
    EXPECT_EQ(vm("fbsd0").disks.front().path.path, "/dev/zvol/zroot/vm/fbsd0");
    EXPECT_EQ(vm("fbsd0").isos.front().path.path, "/isofile_dir/ISO/FreeBSD-11.1-RELEASE-amd64-disc1.iso");
    EXPECT_EQ(vm("deb0").cpus.count(), 2U);
    EXPECT_EQ(vm("deb0").grub_run_partition, "msdos1");
    EXPECT_EQ(vm("nbsd0").loadcmd, "knetbsd -h -r /dev/rld0a (hd0,netbsd1)/netbsd");
    EXPECT_EQ(vm("obsd0").installcmd, "kopenbsd -h com0 (cd0)/7.5/amd64/bsd.rd");
    ASSERT_EQ(vm("two").nics.size(), 2U);
    EXPECT_EQ(vm("two").nics[1].bridge, "bridge1");
    EXPECT_THAT(imported.text, HasSubstr("cloned_interfaces=\"bridge0\"\n#     ifconfig_bridge0=\"addm igb0 up\"\n"));
    EXPECT_THAT(imported.text, HasSubstr("was /dev/nmdm2B"));
    EXPECT_THAT(imported.text, HasSubstr("was tap50"));
}

TEST_F(EasyBhyve, WhatTheHypervisorWillRefuseIsTold) {
    import_options.load.backend_faults = [](Definition const& definition) {
        std::vector<Hypervisor::Fault> faults;
        if (definition.loader == Loader::grub) {
            faults.push_back({"loader", "loader grub is not supported"});
        }
        return faults;
    };
    import(std::string{usual} + "v_id=1\nw_id=2\nw_freebsd=YES\n");
    EXPECT_THAT(names(), ElementsAre("v", "w"));
    EXPECT_THAT(remarks(), ElementsAre(HasSubstr("vm v: loader: the daemon will leave this VM out: loader grub is not "
                                                 "supported")));
}

TEST_F(EasyBhyve, ManyVms) {
    std::string text = usual;
    for (int i = 0; i < 300; ++i) {
        text += "v" + std::to_string(i) + "_id=" + std::to_string(i) + "\nv" + std::to_string(i) + "_x=$(x)\n";
    }
    import(text);
    EXPECT_EQ(names().size(), 300U);
    EXPECT_THAT(faults(), IsEmpty());
}

// Whatever the files say, what is written can be loaded (run() sees to that).
TEST_F(EasyBhyve, EveryTextLoads) {
    std::mt19937 random{7};
    std::vector<std::string> const fragments{
        "v_id=1", "w_id=2", "v_mem=", "mem=1G", "cpu=",   "v_if0=", "v_hd", "0=/a", "bridge=b", "volroot=", "zroot",
        "$",      "{",      "}",      "(",      ")",      "`",      "'",    "\"",   "\\",       "\n",       "\n",
        "\n",     " ",      ";",      "#",      "if ",    "fi",     "<<",   "EOF",  "~",        "\r",       "\xff",
        "\x1b",   "v",      "_cd0=",  "=",      "$v_mem", "${mem}", "*/",   "//",   "vm x {",   "é"};
    for (int round = 0; round < 150; ++round) {
        std::string text = std::string{usual} + "v_id=1\n";
        text += random_text(random, fragments);
        import(text);
        ASSERT_NO_FATAL_FAILURE(expect_no_control_characters(text));
    }
}

}  // namespace
}  // namespace apiary::config
