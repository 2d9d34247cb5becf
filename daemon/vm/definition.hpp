// What a VM is to be: the typed result of reading the configuration, and all that a backend needs to run it.
//
// A Definition is a value and never changes once made: a running VM keeps (shares) the one that it was started with.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vm/few.hpp"

namespace apiary {

// Where a value was written.
struct Origin {
    // The file and the template: the same ones for all values that stand there, so that a copy costs no text.
    struct Place {
        std::string file, through;
        friend auto operator==(Place const&, Place const&) -> bool = default;
    };

    Origin() = default;
    Origin(std::string file, unsigned in_line, unsigned in_column, std::string through = {});
    Origin(std::shared_ptr<Place const> in, unsigned in_line, unsigned in_column)
        : line{in_line}, column{in_column}, place{std::move(in)} {}

    // As named by who asked for it, or by the .include that led to it; empty: a default.
    [[nodiscard]] auto file() const -> std::string const&;
    // Name of the template that it came through, or empty.
    [[nodiscard]] auto through() const -> std::string const&;

    unsigned line = 0;                   // from 1
    unsigned column = 0;                 // from 1, in bytes
    std::shared_ptr<Place const> place;  // none: a default

    friend auto operator==(Origin const& a, Origin const& b) -> bool {
        return a.line == b.line && a.column == b.column && a.file() == b.file() && a.through() == b.through();
    }
};

// A path on the host, with whose right it may be opened (DESIGN "Who may do what to the host"): a value that was
// written in, or made from a variable set in, a file that root does not own is that owner's wish. It is opened with
// his credentials and handed to the hypervisor as a descriptor.
struct HostPath {
    std::string path;     // absolute
    bool trusted = true;  // every part of the value came from root's files
    uid_t opened_as = 0;  // where not trusted: whose credentials open it
    friend auto operator==(HostPath const&, HostPath const&) -> bool = default;
};

enum class Visibility { owner, all };
enum class BackendKind { qemu, bhyve };
enum class Loader { bhyveload, uefi, csm, grub, bios, kernel };
enum class BootPolicy { no, yes, oneshot, always };
enum class DiskType { virtio_blk, ahci_hd, nvme };
enum class NicType { virtio_net, e1000 };
enum class HostBridge { none, standard, amd };

struct CpuPin {
    unsigned vcpu = 0, host = 0;
    friend auto operator==(CpuPin const&, CpuPin const&) -> bool = default;
};

struct Cpus {
    unsigned sockets = 1, cores = 1, threads = 1;  // each >= 1
    std::vector<CpuPin> pins;
    [[nodiscard]] auto count() const -> unsigned { return sockets * cores * threads; }
    friend auto operator==(Cpus const&, Cpus const&) -> bool = default;
};

struct Disk {
    DiskType type = DiskType::virtio_blk;
    HostPath path;
    bool nocache = false, direct = false, readonly = false, nodelete = false, noexist = false;
    friend auto operator==(Disk const&, Disk const&) -> bool = default;
};

struct Iso {
    HostPath path;
    bool noexist = false;
    friend auto operator==(Iso const&, Iso const&) -> bool = default;
};

struct Nic {
    enum class Attach { user, bridge, vale, unattached };  // unattached: `none`, a tap on no bridge
    NicType type = NicType::virtio_net;
    Attach attach = Attach::bridge;
    std::string bridge;              // name of the bridge or vale switch; empty for user and unattached
    std::optional<std::string> mac;  // lower case, colons
    bool wol = false;
    friend auto operator==(Nic const&, Nic const&) -> bool = default;
};

struct Share {
    std::string name;
    HostPath path;
    bool readonly = false;
    friend auto operator==(Share const&, Share const&) -> bool = default;
};

struct Sound {
    std::string play, record;  // character devices; record may be empty
    friend auto operator==(Sound const&, Sound const&) -> bool = default;
};

struct Tpm {
    std::string type = "passthru", device, version;  // version empty: not given
    friend auto operator==(Tpm const&, Tpm const&) -> bool = default;
};

// A serial port. automatic: the daemon makes it and offers it as the VM's console.
struct ComPort {
    enum class Kind { absent, automatic, device, tcp, stdio };
    Kind kind = Kind::absent;
    HostPath device;   // kind device
    std::string text;  // as written: "auto", "tcp=ip:port", a path
    friend auto operator==(ComPort const&, ComPort const&) -> bool = default;
};

struct Graphics {
    bool on = false;
    std::string listen = "0.0.0.0";
    std::uint16_t port = 5900;
    std::optional<HostPath> path;         // unix socket; wins over listen and port
    std::optional<std::string> password;  // a secret: in no argv, log, event or property
    unsigned width = 1024, height = 768;
    std::string vga = "io";
    bool wait = false;
    bool xhci_mouse = false;
    std::optional<std::string> keymap;
    friend auto operator==(Graphics const&, Graphics const&) -> bool = default;
};

struct VirtConsole {
    unsigned controllers = 0, ports = 0;  // 0..16
    std::optional<std::string> path_template;
    friend auto operator==(VirtConsole const&, VirtConsole const&) -> bool = default;
};

// One effective setting as text, for showing, comparing and storing.
struct Setting {
    std::string key;          // lower case, as in the key table
    Few<std::string> values;  // one for scalar keys
    bool secret = false;      // its values are never shown
    Few<Origin> origins;      // one for each value
};

// Wherever they stand.
[[nodiscard]] auto same_value(Setting const&, Setting const&) -> bool;

// Another bhyve_config(5) file that a VM is started from: what the definition says itself is added to it, and wins.
// May hold secrets (the password of a screen): its values are never shown. No value is empty, but for a secret that is
// not kept.
struct BhyveBase {
    std::string file;
    std::vector<std::pair<std::string, std::string>> settings;  // as they stand there, in their order
    friend auto operator==(BhyveBase const&, BhyveBase const&) -> bool = default;
};

// How often a VM may be restarted within a time; one more, and it is failed. 0 restarts: none at all.
struct RestartLimit {
    unsigned restarts = 3;
    std::chrono::seconds within{30};
    friend auto operator==(RestartLimit const&, RestartLimit const&) -> bool = default;
};

struct Definition {
    std::string name;
    uid_t owner = 0;
    std::optional<gid_t> group;  // set only where `owner = user:group` names one
    std::string owner_name, group_name;
    uid_t file_owner = 0;  // uid that owns the file with the vm section
    Visibility visibility = Visibility::owner;
    Origin origin;  // of the vm section

    BackendKind backend = BackendKind::qemu;
    Loader loader = Loader::uefi;
    BootPolicy boot = BootPolicy::no;
    std::chrono::seconds boot_delay{0};
    std::chrono::seconds loader_timeout{15};  // <= 0: none
    std::chrono::seconds stop_timeout{300};   // 0: power off at once
    // VMs that it is started after and stopped before, without those that have no effect: that are not there, that its
    // owner may not see, that would close a circle.
    std::vector<std::string> after;
    bool reboot_on_change = false;
    bool install = false;

    std::uint64_t memory_bytes = 0;
    std::string memory_text;  // as written
    Cpus cpus;
    HostBridge hostbridge = HostBridge::standard;
    std::vector<Disk> disks;
    std::vector<Iso> isos;
    std::vector<Nic> nics;
    std::vector<Share> shares;
    std::vector<Sound> sounds;
    std::vector<std::string> passthru;  // B/S/F or pptN
    std::optional<Tpm> tpm;
    ComPort com[4];
    Graphics graphics;
    VirtConsole virt_console;
    bool utctime = true, wired_memory = false, x2apic = false, virt_random = false;
    std::optional<std::string> debug_port;

    std::optional<HostPath> kernel, initrd;  // loader kernel
    std::string cmdline;                     // loader kernel
    std::optional<HostPath> err_logfile;     // default: the daemon's log folder
    std::optional<std::string> bhyveload_loader, loadcmd, installcmd, grub_run_partition;
    std::vector<std::string> bhyve_env, bhyveload_env;

    std::string description, os, osversion;           // for people
    RestartLimit restart_limit;                       // of reboots and automatic restarts
    std::shared_ptr<BhyveBase const> bhyve_base;      // backend bhyve; null: none
    std::optional<std::string> bootrom;               // backend bhyve: FILE or FILE,VARIABLES, not the usual ones
    std::optional<bool> acpi_tables, vmexit_on_halt;  // backend bhyve; none: not said
    std::optional<std::string> scriptpath;            // folder of hook scripts as vmstated has them

    // Settings of keys that a plugin declares, by plugin name: such a VM cannot start without that plugin.
    std::map<std::string, std::vector<Setting>> plugin_settings;

    // Everything that was set, in the order of the key table.
    std::vector<Setting> settings;
};

using DefinitionPtr = std::shared_ptr<Definition const>;

// Same VM for the guest and its rights? Origins are not compared: moving a line is no change.
[[nodiscard]] auto same_settings(Definition const&, Definition const&) -> bool;
// The same where `known` is without its secrets, and so says nothing of them?
[[nodiscard]] auto same_as_known(Definition const& known, Definition const& other) -> bool;
// What is kept on disk: a secret stays where its owner wrote it. What was there shows in `settings`.
[[nodiscard]] auto without_secrets(Definition definition) -> Definition;
[[nodiscard]] auto lacks_secrets(Definition const&) -> bool;
// The same, but for the values in `settings`: rights, what the values stand for, plugins.
[[nodiscard]] auto same_apart_from_values(Definition const&, Definition const&) -> bool;
// The same, but for `settings` and what plugins have of them.
[[nodiscard]] auto same_apart_from_settings(Definition const&, Definition const&) -> bool;

// Is `name` allowed as a VM's name? (1 to 128 printable ASCII characters without '/', no blank at an end, not
// starting with '-' or '.'.) The text says what is wrong; nothing means allowed.
[[nodiscard]] auto name_fault(std::string_view name) -> std::optional<std::string>;

// Names are compared without case: the key that two equal names share.
[[nodiscard]] auto name_key(std::string_view name) -> std::string;

[[nodiscard]] auto to_string(Visibility) -> std::string_view;
[[nodiscard]] auto to_string(BackendKind) -> std::string_view;
[[nodiscard]] auto to_string(Loader) -> std::string_view;
[[nodiscard]] auto to_string(BootPolicy) -> std::string_view;
[[nodiscard]] auto to_string(DiskType) -> std::string_view;
[[nodiscard]] auto to_string(NicType) -> std::string_view;

}  // namespace apiary
