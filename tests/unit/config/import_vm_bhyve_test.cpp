// vm-bhyve: its keys, one by one.
#include "import_vm_bhyve.hpp"

namespace apiary::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct VmBhyve : VmBhyveFixture {};

TEST_F(VmBhyve, Keys) {
    // Before loader and memory: what is said first counts.
    for (Meaning const& row : std::initializer_list<Meaning>{
             {"", "loader", "uefi"},
             {"loader=bhyveload", "loader", "bhyveload"},
             {"loader=\"grub\"", "loader", "grub"},
             {"loader=\"uefi-csm\"", "loader", "csm"},
             {"loader=\"uefi-devel\"", "loader", "uefi"},
             {"loader=\"uefi-custom\"", "loader", "uefi"},
             {"memory=512M", "memory", "512M"},
             {"memory=512MB", "memory", "512M"},
             {"memory=2g # all", "memory", "2g"},
             {"", "ncpu", "-"},
             {"cpu=2", "ncpu", "2"},
             {"cpu=8\ncpu_sockets=2\ncpu_cores=2\ncpu_threads=2", "ncpu", "2:2:2"},
             {"cpu=4\ncpu_cores=4", "ncpu", "1:4:1"},
             {"cpu_cores=4", "ncpu", "1:4:1"},
             {"cpu=3\ncpu_cores=4", "ncpu", "3"},
             {"wired_memory=yes", "wired_memory", "yes"},
             {"wired_memory=anything", "wired_memory", "yes"},
             {"wired_memory=OFF", "wired_memory", "-"},
             {"wired_memory=", "wired_memory", "-"},
             {"hostbridge=amd", "hostbridge", "amd"},
             {"hostbridge=none", "hostbridge", "none"},
             {"hostbridge=standard", "hostbridge", "-"},
             {"utctime=no", "utctime", "no"},
             {"utctime=0", "utctime", "no"},
             {"utctime=yes", "utctime", "-"},
             {"", "utctime", "-"},
             // loaders
             {"loader=bhyveload\nbhyveload_loader=/boot/x.so", "bhyveload_loader", "/boot/x.so"},
             {"loader=bhyveload\nbhyveload_args=\"-e a=1 -eb=2 -S\"", "bhyveload_env", "a=1 b=2"},
             {"loader=bhyveload\nbhyveload_args=\"-e a=1\"\nloader_timeout=2", "bhyveload_env", "a=1 autoboot_delay=2"},
             {"loader=bhyveload\nloader_timeout=2", "loader_timeout", "-"},
             {"loader=bhyveload\nloader_timeout=20", "loader_timeout", "35"},
             {"loader=grub\nloader_timeout=30", "loader_timeout", "45"},
             {"loader_timeout=30", "loader_timeout", "-"},
             {"loader=grub\ngrub_run0=linux /x\ngrub_run1=initrd /y\ngrub_run2=boot", "loadcmd", "linux /x\ninitrd /y"},
             {"loader=grub\ngrub_install0=knetbsd /x", "installcmd", "knetbsd /x"},
             {"loader=grub\ngrub_run_partition=msdos1", "grub_run_partition", "msdos1"},
             {"grub_run0=x", "loadcmd", "-"},
             // disks
             {"disk0_type=virtio-blk\ndisk0_name=a.img", "disk", "~v/a.img"},
             {"disk0_type=virtio-blk\ndisk0_name=a.img\ndisk0_dev=file", "disk", "~v/a.img"},
             {"disk0_type=ahci-hd\ndisk0_name=a", "disk", "ahci-hd:~v/a"},
             {"disk0_type=nvme\ndisk0_name=a\ndisk0_dev=zvol", "disk", "nvme:/dev/zvol/tank/vm/v/a"},
             {"disk0_type=virtio-blk\ndisk0_name=a\ndisk0_dev=sparse-zvol", "disk", "/dev/zvol/tank/vm/v/a"},
             {"disk0_type=virtio-blk\ndisk0_name=/dev/da1\ndisk0_dev=custom", "disk", "/dev/da1"},
             {"disk0_type=virtio-blk\ndisk0_name=a\ndisk0_opts=direct,nocache,ro,nodelete", "disk",
              "direct:nocache:readonly:nodelete:~v/a"},
             {"disk0_type=virtio-blk\ndisk0_name=a\ndisk1_type=nvme\ndisk1_name=b", "disk", "~v/a nvme:~v/b"},
             {"disk0_type=virtio-blk\ndisk0_name=a\ndisk2_type=nvme\ndisk2_name=c", "disk", "~v/a"},
             {"disk0_type=ahci-cd\ndisk0_name=/iso/x.iso\ndisk0_dev=custom", "iso", "/iso/x.iso"},
             {"disk0_type=virtio-blk\ndisk0_name=t/1\ndisk0_dev=iscsi", "disk", "-"},
             {"disk0_name=a", "disk", "-"},
             // networks
             {"network0_type=virtio-net\nnetwork0_switch=public", "network", "vm-public"},
             {"network0_type=e1000\nnetwork0_switch=lab", "network", "e1000:bridge7"},
             {"network0_type=virtio-net\nnetwork0_switch=public\nnetwork0_mac=58:9C:fc:00:00:01", "network",
              "[58:9C:fc:00:00:01]:vm-public"},
             {"network0_type=virtio-net", "network", "none"},
             {"network0_type=virtio-net\nnetwork0_switch=gone", "network", "none"},
             {"network0_type=virtio-net\nnetwork0_switch=lab\nnetwork1_type=e1000\nnetwork1_switch=public", "network",
              "bridge7 e1000:vm-public"},
             {"network1_type=virtio-net", "network", "-"},
             // other devices
             {"", "com1", "auto"},
             {"comports=\"com2 com1\"", "com2", "auto"},
             {"comports=\"com1 com2\"", "com2", "-"},
             {"comports=\"com2\"", "com1", "-"},
             {"passthru0=3/0/0\npassthru1=6/0/0=2:0", "passthru", "3/0/0 6/0/0"},
             {"virt_random=yes", "virt_random", "yes"},
             {"virt_random=no", "virt_random", "-"},
             {"xhci_mouse=yes", "xhci_mouse", "yes"},
             {"sound=yes", "hda", "/dev/dsp0"},
             {"sound=yes\nsound_play=/dev/dsp1\nsound_rec=/dev/dsp2", "hda", "/dev/dsp1:/dev/dsp2"},
             {"sound=no\nsound_play=/dev/dsp1", "hda", "-"},
             {"virt_console0=yes\nvirt_console1=x", "virt_console_nports", "2"},
             {"virt_console0=org.x", "virt_console_template", "org.x=~v/vtcon.org.x"},
             {"virt_console0=yes", "virt_console_template", "-"},
             // the screen
             {"graphics=yes", "graphics", "yes"},
             {"graphics=yes", "graphics_port", "5900"},
             {"graphics=yes\ngraphics_port=5999", "graphics_port", "5999"},
             {"graphics=yes\ngraphics_listen=10.0.0.1", "graphics_listen", "10.0.0.1"},
             {"graphics=yes\ngraphics_res=1600x900", "graphics_res", "1600x900"},
             {"graphics=yes\ngraphics_vga=off", "graphics_vga", "off"},
             {"graphics=yes\nvnc_password=se cret", "graphics_password", "se cret"},
             {"graphics=yes\ngraphics_wait=yes", "graphics_wait", "yes"},
             {"graphics=yes\ngraphics_wait=auto", "graphics_wait", "-"},
             {"graphics=yes\ngraphics_wait=no", "graphics_wait", "-"},
             {"graphics=off\ngraphics_port=5999", "graphics_port", "-"},
             {"loader=grub\ngraphics=yes", "graphics", "-"},
             // arguments for bhyve
             {"bhyve_options=\"-p 0:1 -p1:2\"", "cpu_pin", "0:1 1:2"},
             {"bhyve_options=\"-wS\"", "wired_memory", "yes"},
             {"bhyve_options=-x", "x2apic", "yes"},
             {"bhyve_options=\"-G 1234\"", "debug_port", "1234"},
             {"bhyve_options=\"-K de\"", "keymap", "de"},
             {"bhyve_options=\"-l tpm,passthru,/dev/tpm0,version=2.0\"", "tpm", "passthru:/dev/tpm0:2.0"},
             {"bhyve_options=\"-s 9,virtio-9p,home=/home -s 10,virtio-9p,a=/b,ro\"", "sharefs",
              "home=/home readonly:a=/b"},
             {"bhyve_options=\"-s 9,virtio-rnd\"", "virt_random", "yes"},
             {"bhyve_options=\"-s 9,passthru,1/2/3\"", "passthru", "1/2/3"},
         }) {
        bool const pins = row.key == std::string{"cpu_pin"};
        import(std::string{row.text} + (pins ? "\ncpu=2\n" : "\n") + usual);
        bool const password = row.key == std::string{"graphics_password"};
        EXPECT_EQ(password ? vm().graphics.password.value_or("-") : shortened(value(row.key)), row.value)
            << row.text << "\n"
            << imported.text;
        EXPECT_THAT(faults(), IsEmpty()) << row.text;
        EXPECT_TRUE(imported.ok) << row.text;
    }
}

TEST_F(VmBhyve, WhatIsNotCarriedOver) {
    for (Remark const& row : std::initializer_list<Remark>{
             {"uuid=1-2", "vm/v/v.conf:1:1: warning: vm v: uuid: not carried over: the guest will see another UUID"},
             {"debug=yes", "vm v: debug: not carried over"},
             {"uefi_vars=yes", "v/uefi-vars.fd (boot entries) is not carried over"},
             {"loader=uefi-custom", "vm v: loader: its firmware is not carried over"},
             {"ahci_device_limit=8", "vm v: ahci_device_limit: not carried over: the daemon places devices itself"},
             {"start_slot=5", "vm v: start_slot: not carried over"},
             {"install_slot=5", "vm v: install_slot: not carried over"},
             {"nulliso_fix=yes", "vm v: nulliso_fix: not carried over"},
             {"prestart=x.sh", "vm v: prestart: not carried over: hooks get other arguments"},
             {"priority=10", "vm v: priority: not carried over: see renice(8)"},
             {"limit_pcpu=50", "vm v: limit_pcpu: not carried over: see rctl(8)"},
             {"limit_rbps=5", "vm v: limit_rbps: not carried over"},
             {"limit_wbps=5", "vm v: limit_wbps: not carried over"},
             {"limit_riops=5", "vm v: limit_riops: not carried over"},
             {"limit_wiops=5", "vm v: limit_wiops: not carried over"},
             {"on_restart=shutdown", "vm v: on_restart: not carried over: boot = oneshot"},
             {"on_fault=restart", "vm v: on_fault: not carried over"},
             {"color=red", "vm v: color: not carried over: it is no key of vm-bhyve's"},
             {"cpu=3\ncpu_cores=2", "vm v: cpu_sockets: not carried over: sockets, cores and threads do not make 3"},
             {"loader=bhyveload\nbhyveload_args=-S", "vm v: bhyveload_args: not carried over: -S"},
             {"bhyveload_args=-S", "vm v: bhyveload_args: not carried over: for loader bhyveload alone"},
             {"grub_run0=x", "vm v: grub_run0: not carried over: for loader grub alone"},
             {"loader=grub\ngrub_run_dir=/grub",
              "vm v: grub_run_dir: not carried over: try loadcmd = \"configfile (hd0,1)/grub/grub.cfg\""},
             {"loader=grub\ngrub_run_file=x\ngrub_run_partition=2", "configfile (hd0,2)/boot/grub/x"},
             {"loader=grub\nloader_timeout=2", "vm v: loader_timeout: not carried over: how long grub waits"},
             {"loader=grub\nloader_timeout=x", "vm v: loader_timeout: not carried over: no number"},
             {"disk0_name=a", "vm v: disk0_name: not carried over: vm-bhyve wants both"},
             {"disk1_name=a\ndisk1_type=nvme", "vm v: disk1_name: not carried over: vm-bhyve does not use it either"},
             {"disk0_name=a\ndisk0_type=nvme\ndisk0_opts=sectorsize=512",
              "disk0_opts: not carried over: sectorsize=512"},
             {"disk0_name=a\ndisk0_type=nvme\ndisk0_dev=iscsi", "disk0_dev: not carried over: the device of an iSCSI"},
             {"disk0_name=a\ndisk0_type=floppy",
              "vm v: disk0_type: not carried over: there are no disks of the type 'floppy'"},
             {"network0_type=virtio-net", "network0_type: it had no fixed MAC address and gets another one"},
             {"network0_type=virtio-net\nnetwork0_switch=gone",
              "network0_switch: not carried over: 'gone': there is no switch of this name in system.conf"},
             {"network0_type=virtio-net\nnetwork0_device=tap9",
              "network0_device: not carried over: interfaces are made"},
             {"network0_type=virtio-net\nnetwork0_name=web0", "network0_name: not carried over: interfaces are made"},
             {"network0_type=virtio-net\nnetwork0_span=yes", "network0_span: not carried over"},
             {"network0_type=virtio-net\nnetwork0_mac=x", "vm v: network0_type: network = '[x]:none' is not possible"},
             {"network1_type=virtio-net", "network1_type: not carried over: vm-bhyve does not use it either"},
             {"disk0_name=x/a\ndisk0_type=nvme\ndisk0_dev=custom", "v.conf:1:1: warning: vm v: disk: "},
             {"passthru0=1/2/3=4:0", "passthru0: not carried over: its place in the guest, 4:0"},
             {"passthru0=x", "passthru0: passthru = 'x' is not possible"},
             {"passthru1=1/2/3", "passthru1: not carried over: vm-bhyve does not use it either"},
             {"comports=com2", "comports: the console of apiaryctl console is com1"},
             {"loader=grub\ngraphics=yes",
              "graphics: not carried over: vm-bhyve has a screen with the loader uefi alone"},
             {"graphics_port=5901", "graphics_port: not carried over: graphics is off"},
             {"sound_play=/dev/dsp1", "sound_play: not carried over: sound is off"},
             {"virt_console0=a\nvirt_console1=b", "virt_console0: its ports and sockets get other names"},
             {"bhyve_options=\"-W -s 9,ahci-hd,/x -o a=b -c 4 x\"",
              "bhyve_options: not carried over: -W -s 9,ahci-hd,/x -o a=b -c 4 x"},
             {"bhyve_options=-p", "bhyve_options: not carried over: -p"},
             {"bhyve_options=\"-p 9:1\"", "bhyve_options: cpu_pin = '9:1' is not possible"},
             // how it reads its files
             {" cpu=2", "vm/v/v.conf:1:1: warning: vm-bhyve does not read this line"},
             {"CPU=2", "vm-bhyve does not read this line"},
             {"nonsense", "this is no assignment"},
             {"grub_run0=\"linux /x # y\"", "grub_run0: cut at the #, as by vm-bhyve"},
             {"vnc_password=$(rm -rf /)", "vnc_password: no shell reads this file"},
             {"vnc_password=`rm -rf /`", "vnc_password: no shell reads this file"},
             {"priority='1'", "priority: no shell reads this file"},
             {"priority=1\npriority=2", "vm/v/v.conf:2:1: warning: priority: ignored: it is set before, in line 1"},
         }) {
        import(std::string{row.text} + "\n" + (std::string{row.text}.starts_with("loader") ? "memory=1G\n" : usual));
        EXPECT_THAT(remarks(), Contains(HasSubstr(row.said))) << row.text << "\n" << imported.text;
        EXPECT_THAT(names(), ElementsAre("v")) << row.text;
        EXPECT_TRUE(imported.ok) << row.text;
    }
}

TEST_F(VmBhyve, WhatNeedsNoWord) {
    import(std::string{usual} +
           "# all of it\nignore_bad_msr=yes\ndisk0_size=5G\nzfs_zvol_opts=x\nzfs_dataset_opts=y\nutctime=yes\n"
           "graphics_wait=auto\nhostbridge=standard\nguest=generic\npriority=\n");
    EXPECT_THAT(remarks(), ElementsAre(HasSubstr("switch 'public': bridge vm-public, with the interface(s) em0: "),
                                       HasSubstr("switch 'lab': bridge bridge7")));
}

}  // namespace
}  // namespace apiary::config
