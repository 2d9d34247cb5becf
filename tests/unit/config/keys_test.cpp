// Every key: good values and what they become, bad values and that they change nothing.
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "config/keys.hpp"
#include "fixture.hpp"

namespace apiary::config {
namespace {

struct KeyCase {
    std::string body;   // lines of the VM
    std::string shown;  // what came of it
    std::function<std::string(Definition const&)> show;
    unsigned errors = 0;  // all in the line of the body
    unsigned warnings = 0;
};

auto yes_no(bool flag) -> std::string {
    return flag ? "yes" : "no";
}

auto show_disks(Definition const& d) -> std::string {
    std::string out;
    for (Disk const& disk : d.disks) {
        out += std::string{to_string(disk.type)} + (disk.nocache ? ",nocache" : "") + (disk.direct ? ",direct" : "") +
               (disk.readonly ? ",readonly" : "") + (disk.nodelete ? ",nodelete" : "") +
               (disk.noexist ? ",noexist" : "") + " " + disk.path.path + ";";
    }
    return out;
}

auto show_isos(Definition const& d) -> std::string {
    std::string out;
    for (Iso const& iso : d.isos) {
        out += (iso.noexist ? "noexist " : "") + iso.path.path + ";";
    }
    return out;
}

auto show_nics(Definition const& d) -> std::string {
    std::string out;
    for (Nic const& nic : d.nics) {
        constexpr char const* kinds[] = {"user", "bridge", "vale", "unattached"};
        out += std::string{to_string(nic.type)} + " " + kinds[static_cast<int>(nic.attach)] + " " + nic.bridge +
               (nic.mac ? " " + *nic.mac : "") + (nic.wol ? " wol" : "") + ";";
    }
    return out;
}

auto show_shares(Definition const& d) -> std::string {
    std::string out;
    for (Share const& share : d.shares) {
        out += share.name + "=" + share.path.path + (share.readonly ? " ro;" : ";");
    }
    return out;
}

auto show_cpus(Definition const& d) -> std::string {
    std::string out =
        std::to_string(d.cpus.sockets) + ":" + std::to_string(d.cpus.cores) + ":" + std::to_string(d.cpus.threads);
    for (CpuPin const& pin : d.cpus.pins) {
        out += " " + std::to_string(pin.vcpu) + ">" + std::to_string(pin.host);
    }
    return out;
}

auto show_memory(Definition const& d) -> std::string {
    return d.memory_text + " " + std::to_string(d.memory_bytes);
}

auto show_com(Definition const& d) -> std::string {
    std::string out;
    for (ComPort const& com : d.com) {
        constexpr char const* kinds[] = {"-", "auto", "device", "tcp", "stdio"};
        out += std::string{kinds[static_cast<int>(com.kind)]} + " " + com.text + com.device.path + ";";
    }
    return out;
}

auto show_graphics(Definition const& d) -> std::string {
    Graphics const& g = d.graphics;
    return yes_no(g.on) + " " + g.listen + " " + std::to_string(g.port) + " " + (g.path ? g.path->path : "-") + " " +
           g.password.value_or("-") + " " + std::to_string(g.width) + "x" + std::to_string(g.height) + " " + g.vga +
           " " + yes_no(g.wait);
}

auto show_tpm(Definition const& d) -> std::string {
    return d.tpm ? d.tpm->type + " " + d.tpm->device + " " + d.tpm->version : "-";
}

auto show_boot(Definition const& d) -> std::string {
    return std::string{to_string(d.boot)};
}

auto show_loader(Definition const& d) -> std::string {
    return std::string{to_string(d.loader)};
}

auto show_console(Definition const& d) -> std::string {
    return std::to_string(d.virt_console.controllers) + " " + std::to_string(d.virt_console.ports) + " " +
           d.virt_console.path_template.value_or("-");
}

auto show_times(Definition const& d) -> std::string {
    return std::to_string(d.boot_delay.count()) + " " + std::to_string(d.loader_timeout.count()) + " " +
           std::to_string(d.stop_timeout.count());
}

auto show_flags(Definition const& d) -> std::string {
    return yes_no(d.x2apic) + yes_no(d.utctime) + yes_no(d.wired_memory) + yes_no(d.virt_random) + yes_no(d.install) +
           yes_no(d.reboot_on_change) + yes_no(d.graphics.xhci_mouse);
}

auto show_texts(Definition const& d) -> std::string {
    return d.loadcmd.value_or("-") + "|" + d.installcmd.value_or("-") + "|" + d.grub_run_partition.value_or("-") + "|" +
           d.bhyveload_loader.value_or("-") + "|" + d.debug_port.value_or("-") + "|" + d.graphics.keymap.value_or("-") +
           "|" + (d.err_logfile ? d.err_logfile->path : "-");
}

auto show_env(Definition const& d) -> std::string {
    std::string out;
    for (auto const* list : {&d.bhyve_env, &d.bhyveload_env, &d.passthru}) {
        for (std::string const& text : *list) {
            out += text + ";";
        }
        out += "|";
    }
    return out;
}

auto show_sounds(Definition const& d) -> std::string {
    std::string out;
    for (Sound const& sound : d.sounds) {
        out += sound.play + "," + sound.record + ";";
    }
    return out;
}

auto show_rights(Definition const& d) -> std::string {
    return d.owner_name + " " + std::to_string(d.owner) + " " + d.group_name + " " +
           (d.group ? std::to_string(*d.group) : "-") + " " + std::string{to_string(d.visibility)};
}

auto show_kernel(Definition const& d) -> std::string {
    return (d.kernel ? d.kernel->path : "-") + " " + (d.initrd ? d.initrd->path : "-") + " " + d.cmdline;
}

auto show_backend(Definition const& d) -> std::string {
    return std::string{to_string(d.backend)};
}

// Keys that a plugin brings.
auto show_plugins(Definition const& d) -> std::string {
    std::string out;
    for (auto const& [plugin, settings] : d.plugin_settings) {
        for (Setting const& setting : settings) {
            out += plugin + ":" + setting.key + "=" + setting.values.at(0) + ";";
        }
    }
    return out;
}

auto show_hostbridge(Definition const& d) -> std::string {
    constexpr char const* words[] = {"none", "standard", "amd"};
    return words[static_cast<int>(d.hostbridge)];
}

struct Keys : Fixture, testing::WithParamInterface<KeyCase> {};
struct PlainKeys : Fixture {};

TEST_P(Keys, Values) {
    load_vm(GetParam().body);
    ASSERT_TRUE(result.ok);
    EXPECT_EQ(GetParam().show(vm()), GetParam().shown) << said();
    EXPECT_EQ(errors().size(), GetParam().errors) << said();
    EXPECT_EQ(warnings().size(), GetParam().warnings) << said();
    for (Diagnostic const& diagnostic : result.diagnostics) {
        EXPECT_EQ(diagnostic.line, 2U);
        EXPECT_GT(diagnostic.column, 0U);
        EXPECT_EQ(diagnostic.vm, "v");
        EXPECT_FALSE(diagnostic.key.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Machine, Keys,
    testing::Values(
        KeyCase{"", "1G 1073741824", show_memory}, KeyCase{"memory = 512;", "512 536870912", show_memory},
        KeyCase{"memory = 1048575;", "1048575 1099510579200", show_memory},
        KeyCase{"memory = 1048576;", "1048576 1048576", show_memory},
        KeyCase{"memory = 4096k;", "4096k 4194304", show_memory},
        KeyCase{"memory = 1t;", "1t 1099511627776", show_memory},
        KeyCase{"memory = ;", "1G 1073741824", show_memory, 1},
        KeyCase{"memory = -1G;", "1G 1073741824", show_memory, 1},
        KeyCase{"memory = \"+1G\";", "1G 1073741824", show_memory, 1},
        KeyCase{"memory = 0M;", "1G 1073741824", show_memory, 1},
        KeyCase{"memory = G;", "1G 1073741824", show_memory, 1},
        KeyCase{"memory = 1.5G;", "1G 1073741824", show_memory, 1},
        KeyCase{"memory = 9999999999T;", "1G 1073741824", show_memory, 1},
        KeyCase{"memory = 2GB;", "1G 1073741824", show_memory, 1}, KeyCase{"ncpu = 2:3:4;", "2:3:4", show_cpus},
        KeyCase{"ncpu = 2:3;", "2:3:1", show_cpus}, KeyCase{"ncpu = 2:3:4:5;", "2:3:4", show_cpus, 0, 1},
        KeyCase{"ncpu = 0;", "1:1:1", show_cpus, 1}, KeyCase{"ncpu = 3; ncpu = 2:x;", "3:1:1", show_cpus, 1},
        KeyCase{"ncpu = 1000:1000:1000;", "1:1:1", show_cpus, 1},
        KeyCase{"ncpu = 4; cpu_pin = 0:2, 3:7;", "4:1:1 0>2 3>7", show_cpus},
        KeyCase{"cpu_pin = 0:0, 1, x:1, 0:-1, 0:0:0;", "1:1:1 0>0", show_cpus, 4},
        KeyCase{"boot = TRUE;", "yes", show_boot}, KeyCase{"boot = oneshot;", "oneshot", show_boot},
        KeyCase{"boot = always; boot = No;", "no", show_boot}, KeyCase{"boot = yes; boot = on;", "no", show_boot, 0, 1},
        KeyCase{"boot_delay = 7; loader_timeout = -1; stop_timeout = 0;", "7 -1 0", show_times},
        KeyCase{"boot_delay = -7; loader_timeout = x; stop_timeout = \"\";", "0 15 300", show_times, 3},
        KeyCase{"boot_delay = 99999999999;", "0 15 300", show_times, 1},
        KeyCase{"x2apic = yes; utctime = no; wired_memory = True;", "yesnoyesnononono", show_flags},
        KeyCase{"virt_random = yes; install = yes; reboot_on_change = yes; xhci_mouse = yes;", "noyesnoyesyesyesyes",
                show_flags},
        KeyCase{"x2apic = on; utctime = 0;", "noyesnonononono", show_flags, 2},
        KeyCase{"passthru = ppt0;", "noyesyesnononono", show_flags}, KeyCase{"loader = bios;", "bios", show_loader},
        KeyCase{"loader = csm;", "csm", show_loader}, KeyCase{"loader = grub;", "grub", show_loader},
        KeyCase{"loader = bhyveload;", "bhyveload", show_loader}, KeyCase{"loader = UEFI;", "uefi", show_loader, 1},
        KeyCase{"loader = lilo;", "uefi", show_loader, 1},
        KeyCase{"loader = kernel; kernel = /k; initrd = /i; cmdline = 'a b';", "/k /i a b", show_kernel},
        KeyCase{"loader = kernel; kernel = /k; initrd = i/j;", "/k - ", show_kernel, 1},
        KeyCase{"kernel = /k;", "/k - ", show_kernel, 0, 1},
        KeyCase{
            "loadcmd = a; installcmd = b; grub_run_partition = c; bhyveload_loader = d; debug_port = 1; keymap = jp; "
            "err_logfile = /log;",
            "a|b|c|d|1|jp|/log", show_texts},
        KeyCase{"err_logfile = log;", "-|-|-|-|-|-|log", show_texts, 0, 1},
        KeyCase{"err_logfile = \"\";", "-|-|-|-|-|-|-", show_texts, 1},
        KeyCase{"bhyve_env = 'A=1', B\\=; bhyveload_env = 'C=x y'; passthru = 1/2/3;", "A=1;B=;|C=x y;|1/2/3;|",
                show_env},
        KeyCase{"passthru = 255/31/7, 1/0/255;", "||255/31/7;1/0/255;|", show_env},
        KeyCase{"passthru = 9/9/9, 1/1/8, 1/0/256, 1/32/0, 256/0/0, 1/0/99999999999999999999;", "|||", show_env, 6},
        KeyCase{"bhyve_env = A, '=x'; passthru = 7, ppt, '///', '', 1/2/x;", "|||", show_env, 7},
        KeyCase{"owner = alice;", "alice 1001  - owner", show_rights},
        KeyCase{"owner = alice:games; visibility = all;", "alice 1001 games 60 all", show_rights},
        KeyCase{"owner = root:staff;", "root 0 staff 50 owner", show_rights},
        KeyCase{"owner = alice; owner = alice:staff;", "alice 1001 staff 50 owner", show_rights},
        KeyCase{"owner = alice; owner = bob; owner = alice:games; owner = root;", "alice 1001  - owner", show_rights,
                3},
        KeyCase{"owner = eve; owner = bob:eve; owner = ''; owner = 'bob:'; owner = 1001; owner = ':staff';",
                "root 0  - owner", show_rights, 6},
        KeyCase{"backend = qemu;", "qemu", show_backend},
        KeyCase{"backend = xen; backend = '';", "bhyve", show_backend, 2},
        KeyCase{"hookcmd = /bin/hook; poststop = /bin/hook; prestart = /bin/hook;",
                "hookcmd:prestart=/bin/hook;hookcmd:poststop=/bin/hook;hookcmd:hookcmd=/bin/hook;", show_plugins},
        KeyCase{"hookcmd = /img; prestart = /gone; poststop = '';", "", show_plugins, 3},
        KeyCase{"visibility = none;", "root 0  - owner", show_rights, 1}));

INSTANTIATE_TEST_SUITE_P(
    Devices, Keys,
    testing::Values(
        KeyCase{"disk = /img;", "virtio-blk /img;", show_disks},
        KeyCase{"disk = /dev/sda;", "virtio-blk /dev/sda;", show_disks},
        KeyCase{"disk = noexist:nodelete:ahci:readonly:direct:nocache:/d;",
                "ahci-hd,nocache,direct,readonly,nodelete,noexist /d;", show_disks},
        KeyCase{"disk = ahci-hd:noexist:/a, noexist:nvme:/b:c, virtio-blk:noexist:/d/nvme:/x;",
                "ahci-hd,noexist /a;nvme,noexist /b:c;virtio-blk,noexist /d/nvme:/x;", show_disks},
        KeyCase{"disk = noexist:a/b;", "virtio-blk,noexist a/b;", show_disks, 0, 1},
        KeyCase{"disk = noexist:foo:/x;", "virtio-blk,noexist foo:/x;", show_disks, 0, 1},
        KeyCase{"disk = nvme, '', noexist:x, /img;", "virtio-blk /img;", show_disks, 3},
        KeyCase{"disk = /img; disk = ;", "", show_disks, 1},
        KeyCase{"disk = /img; disk += /img;", "virtio-blk /img;virtio-blk /img;", show_disks},
        KeyCase{"iso = ahci-cd:/iso, noexist:/x;", "/iso;noexist /x;", show_isos},
        KeyCase{"iso = cd;", "", show_isos, 1},
        KeyCase{"network = b0, vale1, none, user;",
                "virtio-net bridge b0;virtio-net vale vale1;virtio-net unattached ;virtio-net user ;", show_nics},
        KeyCase{"network = e1000:[2:0:0:0:0:A]:b0, wol:[02:00:00:00:00:0b]:virtio-net:b1, e1000:user;",
                "e1000 bridge b0 02:00:00:00:00:0a;virtio-net bridge b1 02:00:00:00:00:0b wol;e1000 user ;", show_nics},
        KeyCase{"network = virtio-net:[02:00:00:00:00:01]:user;", "virtio-net user  02:00:00:00:00:01;", show_nics},
        KeyCase{"network = [01:00:5e:00:00:01]:b, [0:0:0:0:0:0]:b, [1:2:3]:b, [02:00:00:00:00:01]b, [x, b0;",
                "virtio-net bridge b0;", show_nics, 5},
        KeyCase{"network = vmxnet:b0, E1000:b0, e1000:, '', 'a b', wol:user, wol:none;", "", show_nics, 7},
        KeyCase{"sharefs = 'a=/x', 'readonly:b=/y';", "a=/x;b=/y ro;", show_shares},
        KeyCase{"sharefs = /x, 'readonly:/x', '=/x', 'a=';", "", show_shares, 4},
        KeyCase{"hda = /dev/dsp:/dev/dsp, /dev/dsp;", "/dev/dsp,/dev/dsp;/dev/dsp,;", show_sounds},
        KeyCase{"hda = '', /dev/dsp:a:b;", "", show_sounds, 2},
        KeyCase{"tpm = /dev/tpm0;", "passthru /dev/tpm0 ", show_tpm},
        KeyCase{"tpm = /dev/tpm0:2.0;", "passthru /dev/tpm0 2.0", show_tpm},
        KeyCase{"tpm = swtpm:/run/s:1.2;", "swtpm /run/s 1.2", show_tpm},
        KeyCase{"tpm = crb:/dev/tpm0:2.0; tpm = /dev/tpm0:two; tpm = a:b:c:d; tpm = '';", "-", show_tpm, 4},
        KeyCase{"comport = auto; com2 = /dev/nmdm1B; com3 = 'tcp=[::1]:1'; com4 = stdio;",
                "auto auto;device /dev/nmdm1B/dev/nmdm1B;tcp tcp=[::1]:1;stdio stdio;", show_com},
        KeyCase{"com1 = Auto; com2 = STDIO;", "auto auto;stdio stdio;- ;- ;", show_com},
        KeyCase{"com1 = 'tcp=[::1]:65535'; com2 = 'tcp=:1';", "tcp tcp=[::1]:65535;tcp tcp=:1;- ;- ;", show_com},
        KeyCase{"com1 = 'tcp=localhost'; com2 = 'tcp=localhost:'; com3 = 'tcp=[::1]'; com4 = 'tcp=a:65536'; com4 = "
                "'tcp=a:0';",
                "- ;- ;- ;- ;", show_com, 5},
        KeyCase{"com1 = /dev/a; comport = auto; com2 = '';", "auto auto;- ;- ;- ;", show_com, 1},
        KeyCase{"vconsole_np = 3;", "1 3 -", show_console},
        KeyCase{"virt_console_ncontrollers = 16;", "16 0 -", show_console},
        KeyCase{"vconsole_nc = 17; vconsole_np = -1;", "0 0 -", show_console, 2},
        KeyCase{"vconsole_tmpl = ' p %n ';", "0 0 p%n=/var/run/vc-v%n.sock", show_console},
        KeyCase{"virt_console_template = 'p=/x%n';", "0 0 p=/x%n", show_console},
        KeyCase{"hostbridge = Intel;", "standard", show_hostbridge},
        KeyCase{"hostbridge = AMD;", "amd", show_hostbridge},
        KeyCase{"hostbridge = none; hostbridge = via;", "none", show_hostbridge, 1},
        KeyCase{"", "no 0.0.0.0 5900 - - 1024x768 io no", show_graphics},
        KeyCase{"graphics_port = 5901;", "yes 0.0.0.0 5901 - - 1024x768 io no", show_graphics},
        KeyCase{"graphics_listen = ::1;", "yes ::1 5900 - - 1024x768 io no", show_graphics},
        KeyCase{"graphics_listen = vnc.example.org;", "yes vnc.example.org 5900 - - 1024x768 io no", show_graphics},
        KeyCase{"graphics_listen = '[fe80::1%em0]';", "yes [fe80::1%em0] 5900 - - 1024x768 io no", show_graphics},
        KeyCase{"graphics_listen = 127.1;", "yes 127.1 5900 - - 1024x768 io no", show_graphics},
        KeyCase{"graphics_listen = 300.1.1.1; graphics_listen = 1.2.3.4.5; graphics_listen = 1::2::3; graphics_listen "
                "= '10.0.0.1:5900'; graphics_listen = ':';",
                "no 0.0.0.0 5900 - - 1024x768 io no", show_graphics, 5},
        KeyCase{"graphics_path = /run/v;", "yes 0.0.0.0 5900 /run/v - 1024x768 io no", show_graphics},
        KeyCase{"graphics_password = x;", "yes 0.0.0.0 5900 - x 1024x768 io no", show_graphics},
        KeyCase{"graphics_res = 800x600;", "yes 0.0.0.0 5900 - - 800x600 io no", show_graphics},
        KeyCase{"graphics_vga = off;", "yes 0.0.0.0 5900 - - 1024x768 off no", show_graphics},
        KeyCase{"graphics_wait = yes;", "no 0.0.0.0 5900 - - 1024x768 io yes", show_graphics},
        KeyCase{"graphics = no; graphics_port = 1;", "no 0.0.0.0 1 - - 1024x768 io no", show_graphics},
        KeyCase{"graphics_port = 1; graphics = no;", "no 0.0.0.0 1 - - 1024x768 io no", show_graphics},
        KeyCase{
            "graphics_port = 0; graphics_port = 65536; graphics_res = 1024; graphics_res = 1x2x3; graphics_res = 0x1;",
            "no 0.0.0.0 5900 - - 1024x768 io no", show_graphics, 5}));

TEST_F(PlainKeys, GuessesAtPorts) {
    std::string const relative = "a relative path is taken relative to the daemon's working folder";
    for (auto const& [text, guess] : std::map<std::string, std::string>{{"yes", "; did you mean 'auto'?"},
                                                                        {"ON", "; did you mean 'auto'?"},
                                                                        {"atuo", "; did you mean 'auto'?"},
                                                                        {"sdtio", "; did you mean 'stdio'?"},
                                                                        {"ttyS0", ""},
                                                                        {"dev/auto", ""}}) {
        load_vm("com2 = " + text + ";");
        EXPECT_THAT(warnings(), testing::ElementsAre("main.conf:2:8: warning: vm v: com2: " + relative + guess));
        EXPECT_THAT(errors(), testing::IsEmpty());
    }
}

TEST_F(PlainKeys, PortsOfDebuggers) {
    for (char const* const good : {"1", "65535", "w1234", "w127.0.0.1:1234", "[::1]:5", "any:thing"}) {
        load_vm(std::string{"debug_port = '"} + good + "';");
        EXPECT_EQ(vm().debug_port, good) << said();
    }
    for (char const* const bad : {"0", "65536", "99999", "w99999", "127.0.0.1:70000", "99999999999999999999999"}) {
        load_vm(std::string{"debug_port = "} + bad + ";");
        EXPECT_EQ(vm().debug_port, std::nullopt);
        EXPECT_THAT(errors(), testing::ElementsAre("main.conf:2:14: error: vm v: debug_port: invalid value '" +
                                                   std::string{bad} + "': a port is a number from 1 to 65535"));
    }
}

TEST(KeyTable, NamesAreUniqueAndDocumented) {
    KeyTable const table;
    std::set<std::string_view> seen;
    for (std::string_view const name : table.names()) {
        EXPECT_TRUE(seen.insert(name).second) << name;
    }
    for (KeySpec const& key : table.keys()) {
        EXPECT_FALSE(key.doc.empty()) << key.name;
        EXPECT_EQ(key.list && key.plugin.empty(), key.clear != nullptr) << key.name;
        EXPECT_EQ(key.plugin.empty(), key.set != nullptr) << key.name;
        EXPECT_EQ(key.trust == TrustRule::root_only, !key.why.empty()) << key.name;
        EXPECT_EQ(key.type == KeyType::word, !key.words.empty()) << key.name;
    }
}

TEST(KeyTable, GrowsButNothingIsTakenOver) {
    KeyTable const table{
        {{.name = "shiny", .plugin = "p"}, {.name = "memory", .plugin = "p"}, {.name = "x", .aliases = {"comport"}}}};
    ASSERT_NE(table.find("Shiny"), nullptr);
    EXPECT_EQ(table.find("memory")->plugin, "");
    EXPECT_EQ(table.find("COMPORT")->name, "com1");
    EXPECT_EQ(table.find("x"), nullptr);
    EXPECT_EQ(table.find("nope"), nullptr);
}

}  // namespace
}  // namespace apiary::config
