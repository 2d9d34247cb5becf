// Who may do what to the host: what becomes of values that root did not write.
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Trust : Fixture {
    // root's file first, then alice's
    void load_both(std::string const& roots, std::string const& hers) {
        load({{"main.conf", 0, roots}, {"alice.conf", alice, hers}});
    }
};

struct Refusal : Fixture, testing::WithParamInterface<std::pair<char const*, char const*>> {};

TEST_P(Refusal, OfUsersValue) {
    auto const& [body, key] = GetParam();
    load_vm_of(alice, body);
    ASSERT_TRUE(result.ok);
    Definition const& d = vm();
    EXPECT_THAT(errors(), ElementsAre(StartsWith("user.conf:2:" + std::to_string(std::string{body}.find('=') + 3) +
                                                 ": error: vm v: " + std::string{key} + ": ")));
    EXPECT_EQ(d.settings.size(), 2U);  // memory and loader
    EXPECT_THAT(d.plugin_settings, IsEmpty());
    EXPECT_THAT(host.asked, IsEmpty());  // nothing of his is looked at with the daemon's rights
}

INSTANTIATE_TEST_SUITE_P(
    Trust, Refusal,
    testing::Values(
        std::pair{"bhyve_env = 'A=1';", "bhyve_env"}, std::pair{"bhyveload_env = 'A=1';", "bhyveload_env"},
        std::pair{"passthru = 1/2/3;", "passthru"}, std::pair{"hda = /dev/dsp;", "hda"},
        std::pair{"tpm = /dev/tpm0;", "tpm"}, std::pair{"bhyveload_loader = /x;", "bhyveload_loader"},
        std::pair{"prestart = /bin/hook;", "prestart"}, std::pair{"poststop = /bin/hook;", "poststop"},
        std::pair{"hookcmd = /bin/hook;", "hookcmd"}, std::pair{"sharefs = 'a=/';", "sharefs"},
        std::pair{"com1 = /dev/nmdm0B;", "com1"}, std::pair{"comport = 'tcp=0.0.0.0:1';", "com1"},
        std::pair{"com2 = stdio;", "com2"}, std::pair{"network = bridge0;", "network"},
        std::pair{"network = vale0;", "network"}, std::pair{"network = e1000:b;", "network"},
        std::pair{"debug_port = 1234;", "debug_port"},
        std::pair{"virt_console_template = 'a=/etc/x';", "virt_console_template"},
        std::pair{"grub_run_partition = 1;", "grub_run_partition"},
        std::pair{"loadcmd = 'cat (host)/etc/shadow';", "loadcmd"}, std::pair{"installcmd = boot;", "installcmd"},
        std::pair{"graphics_listen = 0.0.0.0;", "graphics_listen"}, std::pair{"graphics_port = 80;", "graphics_port"},
        std::pair{"graphics_vga = 'io,x=y';", "graphics_vga"}, std::pair{"graphics_path = run/vnc;", "graphics_path"},
        std::pair{"keymap = ../../etc/x;", "keymap"}, std::pair{"disk = a/b;", "disk"},
        std::pair{"iso = noexist:a/b;", "iso"}, std::pair{"kernel = vmlinuz;", "kernel"},
        std::pair{"err_logfile = log;", "err_logfile"}, std::pair{"owner = bob;", "owner"},
        std::pair{"owner = root;", "owner"}, std::pair{"owner = alice:games;", "owner"},
        std::pair{"owner = bob:staff;", "owner"}));

TEST_F(Trust, PathsOfAUserAreOpenedWithHisRights) {
    load_vm_of(alice,
               "disk = /etc/shadow, noexist:/x; iso = /i; err_logfile = /home/alice/log; loader = kernel; kernel = /k; "
               "initrd = /i; graphics_path = /home/alice/vnc;");
    EXPECT_THAT(said(), IsEmpty());
    HostPath const shadow{"/etc/shadow", false, alice};
    EXPECT_EQ(vm().disks.at(0).path, shadow);
    EXPECT_EQ(vm().disks.at(1).path, (HostPath{"/x", false, alice}));
    EXPECT_EQ(vm().isos.at(0).path, (HostPath{"/i", false, alice}));
    EXPECT_EQ(vm().err_logfile, (HostPath{"/home/alice/log", false, alice}));
    EXPECT_EQ(vm().kernel, (HostPath{"/k", false, alice}));
    EXPECT_EQ(vm().initrd, (HostPath{"/i", false, alice}));
    EXPECT_EQ(vm().graphics.path, (HostPath{"/home/alice/vnc", false, alice}));
    EXPECT_THAT(host.asked, IsEmpty());
}

TEST_F(Trust, WhatAUserMayDo) {
    load_vm_of(
        alice,
        "owner = alice:staff; visibility = all; com1 = auto; network = user, none; graphics_listen = 127.0.0.1;"
        "graphics_port = 5901; graphics_password = x; keymap = en-us; loadcmd = auto; installcmd = auto; ncpu = 2;"
        "boot = yes; cmdline = 'x';");
    EXPECT_THAT(errors(), IsEmpty()) << said();
    EXPECT_EQ(vm().group, staff);
    EXPECT_EQ(vm().file_owner, alice);
    EXPECT_EQ(vm().nics.size(), 2U);
}

TEST_F(Trust, AUsersScreenIsForThisHostOnly) {
    load_vm_of(alice, "graphics = yes;");
    EXPECT_EQ(vm().graphics.listen, "127.0.0.1");
    load_both("template net { graphics_listen = 0.0.0.0; }", vm_text(".apply net; graphics_port = 5901;"));
    EXPECT_EQ(vm().graphics.listen, "0.0.0.0");
    load_vm("graphics = yes;");
    EXPECT_EQ(vm().graphics.listen, "0.0.0.0");
}

TEST_F(Trust, RootsTemplateIsRootsWord) {
    load_both(
        "global { $lan = bridge0; }\n"
        "template net { network = $lan; disk = /img; bhyve_env = \"A=$NAME-$ID\"; prestart = /bin/hook; }",
        vm_text(".apply net;"));
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(vm().nics.at(0).bridge, "bridge0");
    EXPECT_TRUE(vm().disks.at(0).path.trusted);
    EXPECT_THAT(vm().bhyve_env, ElementsAre("A=v-0"));
    EXPECT_EQ(vm().settings.back().origins.at(0).file(), "main.conf");
}

TEST_F(Trust, VariablesCarryTheirOrigin) {
    std::string const roots =
        "template t(path, name = $x) { disk = noexist:/vms/$path; bhyve_env = \"A=$name\"; cpu_pin = $((0 * $n)):0; "
        "err_logfile = /home/$OWNER/log; iso = noexist:/vms/$NAME; }";
    load_both(roots, vm_text("$x = 1; $n = 2; .apply t(../etc/shadow);"));
    EXPECT_EQ(vm().disks.at(0).path, (HostPath{"/vms/../etc/shadow", false, alice}));
    EXPECT_EQ(vm().err_logfile, (HostPath{"/home/alice/log", false, alice}));
    EXPECT_EQ(vm().isos.at(0).path, (HostPath{"/vms/v", true, 0}));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("main.conf:1:70: error: vm v: bhyve_env: access denied")));
}

TEST_F(Trust, NameAndIdMadeByAUserAreHis) {
    load_both("template t { disk = noexist:/vms/$NAME-$ID; }", vm_text("$NAME = ../etc; .apply t;"));
    EXPECT_FALSE(vm().disks.at(0).path.trusted);
    load_both("template t { disk = noexist:/vms/$NAME-$ID; }", vm_text("$ID = 7; .apply t;"));
    EXPECT_FALSE(vm().disks.at(0).path.trusted);
    load_both("template t { disk = noexist:/vms/$NAME-$ID; }", vm_text("name = other; .apply t;"));
    EXPECT_EQ(vm("other").disks.at(0).path, (HostPath{"/vms/other-0", true, 0}));  // it was checked
}

TEST_F(Trust, ACopyOfAVariableIsNotTrustedEither) {
    load_both(
        "template t { $b = \"x$a\"; $c = $((1 + $n)); .apply u($b); }\n"
        "template u(z) { passthru = ppt$c; hda = /dev/$z; }",
        vm_text("$a = dsp; $n = 1; .apply t;"));
    EXPECT_THAT(vm().passthru, IsEmpty());
    EXPECT_THAT(vm().sounds, IsEmpty());
    EXPECT_EQ(errors().size(), 2U);
}

TEST_F(Trust, UsersDoNotReachEachOthersTemplates) {
    load({{"main.conf", 0, "template shared { ncpu = 2; }\nvm r { memory = 1G; loader = uefi; .apply hers; }"},
          {"alice.conf", alice, "template hers { disk = /home/alice/secret; }"},
          {"bob.conf", bob, "template hers { ncpu = 3; }\nvm b { memory = 1G; loader = uefi; .apply hers, shared; }"},
          {"bob2.conf", bob, "vm c { memory = 1G; loader = uefi; .apply hers; }"}});
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(vm("b").cpus.sockets, 2U);
    EXPECT_EQ(vm("c").cpus.sockets, 3U);
    EXPECT_THAT(vm("c").disks, IsEmpty());
    EXPECT_EQ(vm("r").disks.at(0).path, (HostPath{"/home/alice/secret", false, alice}));  // root asked for hers
}

TEST_F(Trust, ATemplateOfAUserCannotGiveRootsVmAway) {
    load({{"main.conf", 0, "vm v { memory = 1G; loader = uefi; .apply hers; }"},
          {"alice.conf", alice, "template hers { owner = alice; owner = root:staff; }"}});
    EXPECT_EQ(vm().owner, 0U);
    EXPECT_FALSE(vm().group);
    EXPECT_EQ(errors().size(), 2U);
}

TEST_F(Trust, ValuesOfSeveralUsersAreRefusedForPaths) {
    load({{"main.conf", 0, "vm v { memory = 1G; loader = uefi; .apply a, b; }"},
          {"alice.conf", alice, "template a { $d = /home/alice; }"},
          {"bob.conf", bob, "template b { disk = $d/disk; cmdline = $d; }"}});
    EXPECT_THAT(vm().disks, IsEmpty());
    EXPECT_THAT(errors(),
                ElementsAre("bob.conf:1:21: error: vm v: disk: access denied: the value is made from files of "
                            "several owners"));
}

TEST_F(Trust, TheSocketOfAScreenBelongsToItsOwner) {
    load_both("vm v { memory = 1G; loader = uefi; owner = bob; .apply hers; }",
              "template hers { graphics_path = /home/bob/x; }");
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(errors(), ElementsAre(StartsWith("alice.conf:1:33: error: vm v: graphics_path: access denied")));
}

TEST_F(Trust, GlobalsOfAUserAreIgnored) {
    load_both("vm v { memory = 1G; loader = uefi; loadcmd = $x; }",
              "\n global { $x = 1; pid_file = /x; }\n" + vm_text("name = w;"));
    EXPECT_EQ(result.globals.pid_file, "");
    EXPECT_THAT(errors(), ElementsAre("main.conf:1:46: error: vm v: undefined variable 'x'",
                                      StartsWith("alice.conf:2:2: error: a global section is not allowed")));
    EXPECT_TRUE(result.diagnostics.at(1).harmless);  // the rest of the file counts
    EXPECT_EQ(names(), (std::vector<std::string>{"v", "w"}));
}

// -- errors of one's file are nobody else's trouble
// --------------------------------------------------------------------

TEST_F(Trust, ASyntaxErrorOfAUserDropsHisFileAlone) {
    load({{"main.conf", 0, vm_text("") + "vm w { memory = 1G; loader = uefi; .apply hers; }"},
          {"alice.conf", alice, "template hers { }\nvm a { memory = 1G; loader = uefi; }\nvm b { oops }"},
          {"bob.conf", bob, "vm c { memory = 1G; loader = uefi; }"}});
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("v", "w", "c"));
    EXPECT_THAT(result.dropped_files, ElementsAre("alice.conf"));
    EXPECT_THAT(errors(), ElementsAre("main.conf:4:43: error: vm w: unknown template 'hers'",
                                      HasSubstr("alice.conf:3:13: error: syntax error at '}'")));
}

TEST_F(Trust, ASyntaxErrorOfRootFailsTheLoad) {
    load_both("vm a { oops }", vm_text(""));
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Trust, AUserCannotTakeATemplatesName) {
    load({{"alice.conf", alice, "template t { }\nvm a { memory = 1G; loader = uefi; }"},
          {"main.conf", 0, "template t { }\n" + vm_text(".apply t;")}});
    EXPECT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("v"));
    EXPECT_THAT(errors(),
                ElementsAre("alice.conf:1:10: error: duplicate template 't': the first one is at main.conf:1"));
}

TEST_F(Trust, WhoRunsTheDaemonIsTrusted) {
    options.trusted_uid = alice;
    load({{"own.conf", alice, vm_text("network = bridge0; disk = /img;")},
          {"bob.conf", bob, "vm b { memory = 1G; loader = uefi; network = bridge0; }"}});
    EXPECT_EQ(vm().nics.size(), 1U);
    EXPECT_TRUE(vm().disks.at(0).path.trusted);
    EXPECT_THAT(vm("b").nics, IsEmpty());
}

}  // namespace
}  // namespace apiary::config
