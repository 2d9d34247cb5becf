// Variables, templates, names, and what the whole of a VM must have.
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Resolver : Fixture {
    auto loadcmd(std::string const& name = "v") -> std::string { return vm(name).loadcmd.value_or("(none)"); }
};

TEST_F(Resolver, SmallestVm) {
    load("vm tiny { memory = 512M; loader = uefi; }");
    ASSERT_TRUE(result.ok);
    EXPECT_THAT(said(), IsEmpty());
    Definition const& d = vm("tiny");
    EXPECT_EQ(d.owner_name, "root");
    EXPECT_EQ(d.backend, BackendKind::bhyve);
    EXPECT_EQ(d.origin, (Origin{"main.conf", 1, 1, {}}));
    ASSERT_EQ(d.settings.size(), 2U);  // in the order of the key table
    EXPECT_EQ(d.settings[0].key, "memory");
    EXPECT_THAT(d.settings[0].values, ElementsAre("512M"));
    EXPECT_THAT(d.settings[0].origins, ElementsAre(Origin{"main.conf", 1, 20, {}}));
    EXPECT_EQ(d.settings[1].key, "loader");
}

TEST_F(Resolver, VariablesAreWorkedOutAtOnce) {
    load_vm(
        "$a = one; $b = \"$a!\"; $a = two; loadcmd = $b; installcmd = \"$a ${b}\"; $n = $((1 + 2 * 3));"
        "err_logfile = /x$n$(($n % 4));");
    EXPECT_EQ(loadcmd(), "one!");
    EXPECT_EQ(vm().installcmd, "two one!");
    EXPECT_EQ(vm().err_logfile->path, "/x73");
}

TEST_F(Resolver, PredefinedVariables) {
    load(
        "vm zero { memory = 1G; loader = uefi; loadcmd = \"$NAME|$ID|$OWNER|$GROUP|$LOCALBASE\"; }\n"
        "vm one { memory = 1G; loader = uefi; name = uno; owner = alice:staff; loadcmd = \"$NAME|$ID|$OWNER|$GROUP\"; "
        "}");
    EXPECT_EQ(loadcmd("zero"), "zero|0|root||/usr/local");
    EXPECT_EQ(loadcmd("uno"), "uno|1|alice|staff");
    EXPECT_THAT(result.ids, ElementsAre(0, 1));
}

TEST_F(Resolver, NumbersAreGiven) {
    options.id_of = [](std::string_view name) { return static_cast<unsigned>(name.size()); };
    load("vm abc { memory = 1G; loader = uefi; loadcmd = $ID; }");
    EXPECT_EQ(loadcmd("abc"), "3");
}

TEST_F(Resolver, UndefinedVariableKeepsTheEarlierValue) {
    load_vm("loadcmd = first;\nloadcmd = \"x ${nope}\"; ncpu = $nope;");
    EXPECT_EQ(loadcmd(), "first");
    EXPECT_THAT(errors(), ElementsAre("main.conf:3:14: error: vm v: undefined variable 'nope'",
                                      "main.conf:3:31: error: vm v: undefined variable 'nope'"));
}

TEST_F(Resolver, LocalVariablesAreLocal) {
    load(
        "global { $g = shared; }\n"
        "vm a { $v = mine; $g = local; memory = 1G; loader = uefi; loadcmd = \"$v $g\"; }\n"
        "vm b { memory = 1G; loader = uefi; loadcmd = $g; installcmd = $v; }");
    EXPECT_EQ(loadcmd("a"), "mine local");
    EXPECT_EQ(loadcmd("b"), "shared");
    EXPECT_THAT(errors(), ElementsAre("main.conf:3:63: error: vm b: undefined variable 'v'"));
}

TEST_F(Resolver, ArithmeticFaults) {
    load_vm(
        "$m = -9223372036854775808; $t = 2G; $e = '';\n"
        "loadcmd = $((1/0)); loadcmd = $((1%0)); loadcmd = $((9223372036854775807+1)); loadcmd = $(($m/-1));\n"
        "loadcmd = $(($t*2)); loadcmd = $((08)); loadcmd = $((9223372036854775808)); loadcmd = $(($e+1));\n"
        "loadcmd = $((-$m)); loadcmd = $((99999999999999999999)); loadcmd = $((4611686018427387904*2));");
    EXPECT_EQ(loadcmd(), "(none)");
    EXPECT_THAT(
        errors(),
        ElementsAre(
            HasSubstr(":3:15: error: vm v: division by zero"), HasSubstr(":3:35: error: vm v: division by zero"),
            HasSubstr(":3:73: error: vm v: arithmetic overflow"), HasSubstr(":3:94: error: vm v: arithmetic overflow"),
            HasSubstr(":4:14: error: vm v: '$t', which is '2G', is not a number"),
            HasSubstr(":4:35: error: vm v: '08' is not a number"), HasSubstr(":4:54: error: vm v: arithmetic overflow"),
            HasSubstr(":4:90: error: vm v: '$e', which is '', is not a number"),
            HasSubstr(":5:14: error: vm v: arithmetic overflow"), HasSubstr(":5:34: error: vm v: arithmetic overflow"),
            HasSubstr(":5:90: error: vm v: arithmetic overflow")));
}

TEST_F(Resolver, ArithmeticFollowsC) {
    load_vm(
        "$x = 0x1f; $o = 010; $s = -5; $m = -9223372036854775808; bhyve_env = "
        "A\\=$((7/2)), B\\=$((-7/2)), C\\=$((-7%3)), D\\=$((2+3*4-1)), E\\=$(((2+3)*4)), F\\=$(($x+$o+$s)),"
        "G\\=$((-9223372036854775808)), H\\=$(($m%-1)), I\\=$((8-4-2)), J\\=$((-(2)--$s));");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(vm().bhyve_env, ElementsAre("A=3", "B=-3", "C=-1", "D=13", "E=20", "F=34", "G=-9223372036854775808",
                                            "H=0", "I=2", "J=-7"));
}

TEST_F(Resolver, TemplatesMayStandBelowAndBeNested) {
    load(
        "vm a { memory = 1G; .apply outer; }\n"
        "template outer { .apply inner; loadcmd = \"$NAME $x\"; }\n"
        "template inner { loader = uefi; $x = y; }");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(loadcmd("a"), "a y");
    EXPECT_EQ(vm("a").settings[1].origins[0], (Origin{"main.conf", 3, 27, "inner"}));
}

TEST_F(Resolver, TemplateArguments) {
    load(
        "global { $dir = /pool; }\n"
        "template t(a, b = \"<$dir>\", c = $((1 + $ID))) { loadcmd = \"[$a|$b|$c]\"; $a = changed; installcmd = $a; }\n"
        "vm v { memory = 1G; loader = uefi; .apply t(x y, , 'p,q', extra); keymap = \"$a\"; }\n"
        "vm w { memory = 1G; loader = uefi; $dir = mine; .apply t; }");
    EXPECT_EQ(loadcmd("v"), "[xy|</pool>|p,q]");
    EXPECT_EQ(loadcmd("w"), "[|<mine>|2]");
    EXPECT_EQ(vm("v").installcmd, "changed");
    EXPECT_EQ(vm("v").graphics.keymap, "changed");  // an assignment is the VM's own
    EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(Resolver, ArgumentsAreHiddenWithin) {
    load(
        "template in { loadcmd = $a; }\ntemplate out(a) { .apply in; }\n"
        "vm v { memory = 1G; loader = uefi; .apply out(1); }");
    EXPECT_THAT(errors(), ElementsAre("main.conf:1:25: error: vm v: undefined variable 'a'"));
}

TEST_F(Resolver, EachTemplateOnce) {
    load(
        "template circle { .apply circle; ncpu = 2; }\n"
        "vm v { memory = 1G; loader = uefi; .apply circle,\n circle; }");
    EXPECT_EQ(vm().cpus.sockets, 2U);
    EXPECT_THAT(errors(),
                ElementsAre("main.conf:1:26: error: vm v: the template 'circle' is already applied to this VM",
                            "main.conf:3:2: error: vm v: the template 'circle' is already applied to this VM"));
}

TEST_F(Resolver, UnknownTemplate) {
    load("template server { ncpu = 2; }\nvm v { memory = 1G; loader = uefi; .apply sevrer, other, server; }");
    EXPECT_EQ(vm().cpus.sockets, 2U);
    EXPECT_THAT(errors(), ElementsAre("main.conf:2:43: error: vm v: unknown template 'sevrer'; did you mean 'server'?",
                                      "main.conf:2:51: error: vm v: unknown template 'other'"));
}

TEST_F(Resolver, DuplicateTemplateFailsTheLoad) {
    load("template t { }\ntemplate t { }\nvm v { memory = 1G; loader = uefi; }");
    EXPECT_FALSE(result.ok);
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(errors(),
                ElementsAre("main.conf:2:10: error: duplicate template 't': the first one is at main.conf:1"));
}

TEST_F(Resolver, UnknownKeys) {
    load_vm("flavour = x; memroy = 2G;\n DISC += a, b;");
    EXPECT_THAT(errors(), ElementsAre("main.conf:2:1: error: vm v: unknown key 'flavour'",
                                      "main.conf:2:14: error: vm v: unknown key 'memroy'; did you mean 'memory'?",
                                      "main.conf:3:2: error: vm v: unknown key 'DISC'; did you mean 'disk'?"));
}

TEST_F(Resolver, OneValueKeysTakeNoList) {
    load_vm("ncpu = 2, 4; memory = 2G,;\n loadcmd += x; loadcmd = , x;");
    EXPECT_EQ(vm().cpus.count(), 1U);
    EXPECT_EQ(vm().memory_text, "1G");
    EXPECT_EQ(loadcmd(), "(none)");
    EXPECT_THAT(errors(), ElementsAre(StartsWith("main.conf:2:1: error: vm v: ncpu: this key takes one value"),
                                      StartsWith("main.conf:2:14: error: vm v: memory: this key takes one value"),
                                      StartsWith("main.conf:3:2: error: vm v: loadcmd: this key takes one value"),
                                      StartsWith("main.conf:3:16: error: vm v: loadcmd: this key takes one value")));
}

TEST_F(Resolver, ListsAreSetAndExtended) {
    load_vm("bhyve_env = 'a=1', 'b=2'; bhyve_env += 'c=3',\n 'bad', 'd=4';");
    EXPECT_THAT(vm().bhyve_env, ElementsAre("a=1", "b=2", "c=3", "d=4"));
    EXPECT_THAT(
        errors(),
        ElementsAre(
            "main.conf:3:2: error: vm v: bhyve_env: invalid value 'bad': \"NAME=VALUE\" is needed, with the quotes"));
    EXPECT_THAT(vm().settings.back().values, ElementsAre("a=1", "b=2", "c=3", "d=4"));
    EXPECT_EQ(vm().settings.back().origins.back(), (Origin{"main.conf", 3, 9, {}}));
}

// -- a VM as a whole -------------------------------------------------------------------------------------------------

TEST_F(Resolver, RequiredKeys) {
    load("vm a { loader = uefi; }\n vm b { memory = 1G; }\nvm c { memory = 1G; loader = uefi; }");
    ASSERT_TRUE(result.ok);
    EXPECT_THAT(names(), ElementsAre("c"));
    EXPECT_THAT(errors(), ElementsAre(StartsWith("main.conf:1:1: error: vm a: memory: this key is required"),
                                      StartsWith("main.conf:2:2: error: vm b: loader: this key is required")));
}

TEST_F(Resolver, QemuBootsByItself) {
    load("vm a { memory = 1G; backend = qemu; }\nvm b { memory = 1G; backend = qemu; kernel = /k; }");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(vm("a").loader, Loader::bios);
    EXPECT_EQ(vm("b").loader, Loader::kernel);
}

TEST_F(Resolver, WhatDropsAVm) {
    for (auto const& [body, where] : std::map<std::string, std::string>{
             {"disk = /img, /gone;", "2:14: error: vm v: disk: image not found: '/gone'"},
             {"disk = /folder;", "2:8: error: vm v: disk: not a file or device: '/folder'"},
             {"iso = /gone;", "2:7: error: vm v: iso: image not found: '/gone'"},
             {"hda = /img;", "2:7: error: vm v: hda: not a device: '/img'"},
             {"cpu_pin = 0:0, 1:0;", "2:16: error: vm v: cpu_pin: no such vcpu: 1"},
             {"cpu_pin = 0:8;", "2:11: error: vm v: cpu_pin: no such host cpu: 8"},
             {"loader = grub; com1 = 'tcp=a:1';", "2:23: error: vm v: com1: a TCP port cannot be the console"},
             {"loader = bhyveload; comport = 'tcp=a:1';", "2:31: error: vm v: com1: a TCP port cannot be the console"},
             {"loader = kernel; kernel = /gone;", "2:27: error: vm v: kernel: file not found: '/gone'"},
             {"loader = kernel; kernel = /folder;", "2:27: error: vm v: kernel: not a file or device: '/folder'"},
             {"loader = kernel; kernel = /img; initrd = /gone;", "2:42: error: vm v: initrd: file not found: '/gone'"},
             {"loader = kernel;", "2:10: error: vm v: kernel: this key is required"}}) {
        load_vm(body);
        EXPECT_TRUE(result.ok);
        EXPECT_THAT(names(), IsEmpty()) << body;
        EXPECT_THAT(errors(), ElementsAre(StartsWith("main.conf:" + where))) << body;
    }
}

TEST_F(Resolver, FoldersThatAreNotThere) {
    for (auto const& [body, warning] : std::map<std::string, std::string>{
             {"err_logfile = /gone/x/y.log;",
              "15: warning: vm v: err_logfile: folder not found: '/gone/x'; the VM will not"},
             {"err_logfile = /img/y.log;",
              "15: warning: vm v: err_logfile: not a folder: '/img'; the VM will not start"},
             {"err_logfile = /folder;", "15: warning: vm v: err_logfile: not a file: '/folder'; the VM will not start"},
             {"scriptpath = /gone;",
              "14: warning: vm v: scriptpath: folder not found: '/gone'; no scripts will be run"},
             {"scriptpath = /img;", "14: warning: vm v: scriptpath: not a folder: '/img'; no scripts will be run"}}) {
        load_vm(body);
        EXPECT_THAT(names(), ElementsAre("v")) << body;
        EXPECT_THAT(errors(), IsEmpty()) << body;
        EXPECT_THAT(warnings(), ElementsAre(StartsWith("main.conf:2:" + warning))) << body;
    }
    for (char const* const fine : {"err_logfile = '/folder//new.log';", "err_logfile = /new.log;",
                                   "err_logfile = /img;", "scriptpath = /folder;"}) {
        load_vm(fine);
        EXPECT_THAT(said(), IsEmpty()) << fine;
    }
}

// A user must not find out by this what the daemon can see.
TEST_F(Resolver, FilesOfUsersAreNotLookedFor) {
    options.default_backend = BackendKind::qemu;
    load({{"user.conf", alice, "vm v { memory = 1G; kernel = /gone; initrd = /gone; err_logfile = /gone/log; }"}});
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_THAT(names(), ElementsAre("v"));
    EXPECT_THAT(host.asked, IsEmpty());
}

TEST_F(Resolver, BackendsHaveTheirSay) {
    options.backend_faults = [](Definition const& d) {
        return d.cpus.count() > 2 ? std::vector<Hypervisor::Fault>{{"ncpu", "too many"}, {"x2apic", "not here"}}
                                  : std::vector<Hypervisor::Fault>{};
    };
    load("vm a { memory = 1G; loader = uefi;\n ncpu = 3; }\nvm b { memory = 1G; loader = uefi; ncpu = 2; }");
    EXPECT_THAT(names(), ElementsAre("b"));
    EXPECT_THAT(errors(), ElementsAre("main.conf:1:1: error: vm a: x2apic: not here",
                                      "main.conf:2:9: error: vm a: ncpu: too many"));
}

TEST_F(Resolver, PluginKeys) {
    options.plugin_keys = {{.name = "colour", .list = true, .plugin = "paint"}};
    load_vm("prestart = /bin/hook; colour = red, green; poststop = /img; hookcmd = /gone;");
    ASSERT_EQ(vm().plugin_settings.count("hookcmd"), 1U);
    auto const& hooks = vm().plugin_settings.at("hookcmd");
    ASSERT_EQ(hooks.size(), 1U);
    EXPECT_EQ(hooks[0].key, "prestart");
    EXPECT_THAT(hooks[0].values, ElementsAre("/bin/hook"));
    EXPECT_THAT(vm().plugin_settings.at("paint").at(0).values, ElementsAre("red", "green"));
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("poststop: invalid value '/img': this is not a program"),
                                      HasSubstr("hookcmd: invalid value '/gone': there is no such file")));
}

TEST_F(Resolver, SecretsAreMarkedAndNotRepeated) {
    load_vm("graphics_password = hush;");
    EXPECT_TRUE(vm().settings.back().secret);
    EXPECT_EQ(vm().settings.back().key, "graphics_password");
    EXPECT_EQ(said().find("hush"), std::string::npos);
}

// -- names
// ---------------------------------------------------------------------------------------------------------------

TEST_F(Resolver, NamesAreChecked) {
    load(
        "vm 'a/b' { memory = 1G; loader = uefi; }\nvm \"\" { }\nvm -x { }\nvm ok { memory = 1G; loader = uefi;\n name "
        "= '.x'; }");
    EXPECT_THAT(names(), ElementsAre("ok"));
    EXPECT_THAT(errors(), ElementsAre(StartsWith("main.conf:1:4: error: vm a/b: name: the name 'a/b' is not allowed"),
                                      StartsWith("main.conf:2:4: error: name: the name '' is not allowed"),
                                      StartsWith("main.conf:3:4: error: vm -x: name: the name '-x' is not allowed"),
                                      StartsWith("main.conf:5:9: error: vm ok: name: invalid value '.x'")));
}

TEST_F(Resolver, TheFirstOfOneNameWins) {
    load(
        "vm a { memory = 1G; loader = uefi; }\nvm A { memory = 2G; loader = uefi; }\n"
        "vm b { memory = 3G; loader = uefi;\n name = a; }");
    EXPECT_THAT(names(), ElementsAre("a"));
    EXPECT_EQ(vm("a").memory_text, "1G");
    EXPECT_THAT(errors(), ElementsAre("main.conf:2:4: error: vm A: name: there is a VM 'A' already: see main.conf:1",
                                      "main.conf:4:9: error: vm b: name: there is a VM 'a' already: see main.conf:1"));
}

TEST_F(Resolver, RootsNameWinsWhereverItStands) {
    load({{"alice.conf", alice, "vm a { memory = 1G; loader = uefi; }"},
          {"main.conf", 0, "vm a { loader = uefi; }"}});  // wrong, yet the name is taken
    EXPECT_THAT(names(), IsEmpty());
    EXPECT_THAT(errors(),
                ElementsAre(StartsWith("alice.conf:1:4: error: vm a: name: there is a VM 'a' already: see main.conf:1"),
                            StartsWith("main.conf:1:1: error: vm a: memory: this key is required")));
}

}  // namespace
}  // namespace apiary::config
