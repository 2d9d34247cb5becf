// Folders of vmstated(8).
#include "config/vmstated/folder.hpp"

#include "support/memory_files.hpp"
#include "unit/config/ucl_fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Settings = std::vector<std::pair<std::string, std::string>>;

// What the manual's bhyve command prints with -o config.dump=1.
constexpr auto manuals_base = R"(acpi_tables=true
memory.size=4G
memory.wired=false
x86.strictmsr=true
x86.vmexit_on_hlt=true
cpus=2
pci.0.0.0.device=hostbridge
pci.0.4.0.device=ahci
pci.0.4.0.port.0.type=hd
pci.0.4.0.port.0.path=disk.img
pci.0.5.0.device=virtio-net
pci.0.5.0.backend=tap0
pci.0.29.0.device=fbuf
pci.0.29.0.tcp=[::]:5900
pci.0.29.0.password=secret%%
pci.0.30.0.device=xhci
pci.0.30.0.slot.1.device=tablet
pci.0.31.0.device=lpc
lpc.com1.path=stdio
lpc.bootrom=/usr/local/share/uefi-firmware/BHYVE_UEFI.fd
config.dump=1
name=bsdvm
)";

struct Vmstated : UclFixture {
    static constexpr auto folder = "/usr/local/etc/vmstated";

    void SetUp() override {
        UclFixture::SetUp();
        options.files = &files;
        options.vmstated = &reader;
        options.vmstated_folders = {folder};
    }
    void config(std::string const& name, std::string const& text, uid_t owner = 0) {
        files.files[std::string{folder} + "/" + name + "/config"] = {text, owner};
    }
    void file(std::string const& path, std::string const& text, uid_t owner = 0) { files.files[path] = {text, owner}; }
    void load_folder() {
        load(std::vector<FileText>{});
        for (auto const& diagnostic : result.diagnostics) {
            all += format(diagnostic) + "\n";
        }
    }

    MemoryFiles files;
    vmstated::Folder reader{reader_options};
    std::string all;
};

TEST_F(Vmstated, TheExampleOfItsManual) {
    config("bsdvm", "bsdvm {\n configfile = /usr/local/etc/vmstated/bsdvm/bhyve_config;\n}\n");
    file("/usr/local/etc/vmstated/bsdvm/bhyve_config", manuals_base);
    load_folder();
    ASSERT_EQ(result.definitions.size(), 1U) << all;
    auto const& bsdvm = vm("bsdvm");
    EXPECT_EQ(bsdvm.backend, BackendKind::bhyve);
    EXPECT_EQ(bsdvm.memory_bytes, 4ULL << 30U);
    EXPECT_EQ(bsdvm.cpus.count(), 2U);
    EXPECT_EQ(bsdvm.com[0].kind, ComPort::Kind::automatic) << "stdio is the VM's console";
    EXPECT_EQ(bsdvm.boot, BootPolicy::no);
    EXPECT_EQ(bsdvm.restart_limit, (RestartLimit{3, std::chrono::seconds{30}}));
    EXPECT_FALSE(bsdvm.acpi_tables);
    EXPECT_FALSE(bsdvm.scriptpath);
    EXPECT_TRUE(bsdvm.plugin_settings.empty());
    ASSERT_TRUE(bsdvm.bhyve_base);
    EXPECT_EQ(bsdvm.bhyve_base->settings.size(), 21U);
    EXPECT_EQ(bsdvm.bhyve_base->settings.front(), (std::pair<std::string, std::string>{"acpi_tables", "true"}));
    EXPECT_THAT(all, HasSubstr("bhyve_config:21: config.dump would make bhyve print"));
    EXPECT_THAT(all, testing::Not(HasSubstr("secret")));
    EXPECT_EQ(bsdvm.origin.file(), "/usr/local/etc/vmstated/bsdvm/config");
}

TEST_F(Vmstated, EveryKey) {
    config("x", R"(
        BsdVM {
            Name = "web"; owner = alice; group = staff
            description = "a web server"; os = FreeBSD; osversion = 14.1-RELEASE
            maxrestart = 5; maxrestarttime = 60
            autostart = on; memory = 2048; numcpus = 4; cores = 2
            bootrom = /usr/local/share/uefi-firmware/BHYVE_UEFI.fd
            generate_acpi_tables = true; wire_memory = yes; vmexit_on_halt = false
            hostbridge = amd
            consoles {
                main { name = main; backend = /dev/nmdm-web.1A }
                off { enabled = no; backend = /dev/nmdm9A }
                second { enabled = true; backend = /dev/nmdm2A }
            }
        })");
    load_folder();
    ASSERT_EQ(result.definitions.size(), 1U) << all;
    auto const& web = vm("web");
    EXPECT_EQ(web.owner, alice);
    EXPECT_EQ(web.group, staff);
    EXPECT_EQ(web.description, "a web server");
    EXPECT_EQ(web.os, "FreeBSD");
    EXPECT_EQ(web.osversion, "14.1-RELEASE");
    EXPECT_EQ(web.restart_limit, (RestartLimit{5, std::chrono::seconds{60}}));
    EXPECT_EQ(web.boot, BootPolicy::yes);
    EXPECT_EQ(web.memory_bytes, 2ULL << 30U);
    EXPECT_EQ(web.memory_text, "2048M");
    EXPECT_EQ(web.cpus.sockets, 2U);
    EXPECT_EQ(web.cpus.cores, 2U);
    EXPECT_EQ(web.bootrom, "/usr/local/share/uefi-firmware/BHYVE_UEFI.fd");
    EXPECT_EQ(web.loader, Loader::uefi);
    EXPECT_EQ(web.acpi_tables, true);
    EXPECT_EQ(web.vmexit_on_halt, false);
    EXPECT_TRUE(web.wired_memory);
    EXPECT_EQ(web.hostbridge, HostBridge::amd);
    EXPECT_EQ(web.com[0].device.path, "/dev/nmdm-web.1A");
    EXPECT_EQ(web.com[1].device.path, "/dev/nmdm2A");
    EXPECT_EQ(web.com[2].kind, ComPort::Kind::absent);
    EXPECT_EQ(all, "");
}

TEST_F(Vmstated, HookScripts) {
    config("a", "a { memory = 512; loader = uefi }");
    file("/usr/local/etc/vmstated/a/start_network", "#!/bin/sh\n");
    host.files["/usr/local/etc/vmstated/a/start_network"] = {FileLook::Kind::regular, true};
    config("b", "b { memory = 512; loader = uefi; scriptpath = /scripts }");
    host.files["/scripts/stopped"] = {FileLook::Kind::regular, true};
    config("c", "c { memory = 512; loader = uefi; scriptpath = /empty }");
    config("d", "d { memory = 512; loader = uefi }");
    file("/usr/local/etc/vmstated/d/stop_network", "not a program");
    host.files["/usr/local/etc/vmstated/d/stop_network"] = {FileLook::Kind::regular, false};
    load_folder();
    ASSERT_EQ(result.definitions.size(), 4U) << all;
    EXPECT_EQ(vm("a").scriptpath, "/usr/local/etc/vmstated/a");
    EXPECT_TRUE(vm("a").plugin_settings.contains("hookcmd"));
    EXPECT_TRUE(vm("b").plugin_settings.contains("hookcmd"));
    EXPECT_FALSE(vm("c").plugin_settings.contains("hookcmd")) << "there is nothing to run: the VM needs no plugin";
    EXPECT_FALSE(vm("d").plugin_settings.contains("hookcmd"));
}

TEST_F(Vmstated, WhatIsWrongCostsOneVm) {
    config("a", "a { memory = 512; loader = uefi }");
    config("b", "b { memory = ");
    config("c", "A { memory = 256; loader = uefi }");
    config("d", "d { memory = 512; configfile = /nowhere }");
    config("e", "e { memory = 512; loader = uefi; tap_settings { x = 1 } unknown = 1 }");
    file("/usr/local/etc/vmstated/f/notes", "");
    file("/usr/local/etc/vmstated/README", "");
    load_folder();
    EXPECT_TRUE(result.ok);
    std::vector<std::string> names;
    for (auto const& definition : result.definitions) {
        names.push_back(definition->name);
    }
    EXPECT_THAT(names, ElementsAre("a", "e")) << all;
    EXPECT_THAT(all, HasSubstr("/usr/local/etc/vmstated/b/config:1:"));
    EXPECT_THAT(all, HasSubstr("/usr/local/etc/vmstated/c/config:1:1: error: vm a: name: there is a VM 'a' already"));
    EXPECT_THAT(all, HasSubstr("vm d: configfile: '/nowhere': cannot open"));
    EXPECT_THAT(all, HasSubstr("vm e: unknown key 'tap_settings'"));
    EXPECT_THAT(all, HasSubstr("vm e: unknown key 'unknown'"));
    EXPECT_THAT(all, HasSubstr("/usr/local/etc/vmstated/f/config: error: there is no file config in this folder"));
    EXPECT_THAT(all, testing::Not(HasSubstr("README")));
}

// Bounded rights: his VM is his, and names nothing that root's power would open for him.
TEST_F(Vmstated, AUsersFolder) {
    config("a", "a { memory = 512; loader = uefi; description = mine; bootrom = /etc/shadow }", alice);
    config("b", "b { configfile = /home/alice/bhyve_config }", alice);
    config("c", "c { memory = 512; loader = uefi; consoles { x { backend = /dev/sda } } }", alice);
    file("/usr/local/etc/vmstated/a/start_network", "#!/bin/sh\n", alice);
    load_folder();
    EXPECT_TRUE(result.ok);
    EXPECT_EQ(vm("a").owner, alice);
    EXPECT_EQ(vm("a").description, "mine");
    EXPECT_FALSE(vm("a").bootrom);
    EXPECT_FALSE(vm("a").scriptpath);
    EXPECT_EQ(vm("c").com[0].kind, ComPort::Kind::absent);
    EXPECT_THAT(all, HasSubstr("vm a: bootrom: access denied"));
    EXPECT_THAT(all, HasSubstr("vm a: scriptpath: access denied"));
    EXPECT_THAT(all, HasSubstr("vm b: configfile: access denied"));
    EXPECT_THAT(all, HasSubstr("vm c: com1:"));
}

TEST_F(Vmstated, TheBaseFileIsRoots) {
    config("a", "a { memory = 512; configfile = /home/alice/bhyve_config }");
    file("/home/alice/bhyve_config", "cpus=2\n", alice);
    load_folder();
    EXPECT_TRUE(result.definitions.empty());
    EXPECT_THAT(
        all,
        HasSubstr("vm a: configfile: '/home/alice/bhyve_config': access denied: the file does not belong to root"));
}

struct Processors {
    char const* base;
    char const* keys;
    unsigned sockets, cores, threads;  // all 0: refused
};

TEST_F(Vmstated, ProcessorsOfKeysAndBase) {
    for (auto const& [base, keys, sockets, cores, threads] : std::vector<Processors>{
             {"", "", 1, 1, 1},
             {"", "cpus = 4", 4, 1, 1},
             {"", "cpus = 4; cores = 2", 2, 2, 1},
             {"", "sockets = 2; cores = 3", 2, 3, 1},
             {"", "cpus = 4; cores = 3", 0, 0, 0},
             {"", "cpus = 4; sockets = 2; cores = 1", 0, 0, 0},
             {"cpus=4\n", "", 4, 1, 1},
             {"cpus=4\n", "cores = 2", 2, 2, 1},
             {"cpus=4\nsockets=2\ncores=2\n", "cpus = 8", 4, 2, 1},
             {"cpus=4\nsockets=2\ncores=2\n", "cpus = 3", 3, 1, 1},
             {"cpus=4\nsockets=2\ncores=2\n", "sockets = 4", 4, 2, 1},
             {"cpus=%(n)\nn=6\n", "", 6, 1, 1},
             {"cpus=many\n", "", 0, 0, 0},
             {"cpus=4\n", "ncpu = \"1:2\"", 1, 2, 1},
         }) {
        config("v", std::string{"v { configfile = /base; "} + keys + " }");
        file("/base", std::string{"memory.size=1G\n"} + base);
        load_folder();
        bool const refused = sockets == 0;
        ASSERT_EQ(result.definitions.size(), refused ? 0U : 1U) << base << keys << all;
        if (!refused) {
            EXPECT_EQ(vm().cpus.sockets, sockets) << base << keys;
            EXPECT_EQ(vm().cpus.cores, cores) << base << keys;
            EXPECT_EQ(vm().cpus.threads, threads) << base << keys;
        }
    }
}

TEST_F(Vmstated, ABaseThatBhyveWouldNotTake) {
    config("v", "v { configfile = /base }");
    file("/base", "# fine\ncpus=2\n\nwhat is this\nempty=\n");
    load_folder();
    EXPECT_TRUE(result.definitions.empty());
    EXPECT_THAT(all, HasSubstr("/base:4: KEY=VALUE is needed here"));
    EXPECT_THAT(all, HasSubstr("/base:5: KEY=VALUE is needed here"));
}

TEST_F(Vmstated, WithoutAChild) {
    config("a", "a { memory = 512 }");
    vmstated::Folder const without{{.program = "/nonexistent/apiary-ucl"}};
    options.vmstated = &without;
    load_folder();
    EXPECT_THAT(all, HasSubstr("Apiary was built without libucl"));
}

}  // namespace
}  // namespace apiary::config
