#include "environment.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace apiary::hookcmd {
namespace {

constexpr auto path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Takes `prefix` away from the beginning, if it is there.
auto take(std::string_view& text, std::string_view prefix) -> bool {
    bool const there = text.starts_with(prefix);
    text.remove_prefix(there ? prefix.size() : 0);
    return there;
}

class Maker {
public:
    explicit Maker(Facts const& facts) : facts_{facts} {}

    auto make() -> std::vector<std::string> {
        all_.emplace_back(path);
        put("ID", std::to_string(facts_.id));
        put("NAME", facts_.name);
        owner();
        processors();
        text("MEMORY", "memory");
        flags();
        for (auto const& [name, key] : {std::pair{"COM1", "com1"},
                                        {"COM2", "com2"},
                                        {"COM3", "com3"},
                                        {"COM4", "com4"},
                                        {"DEBUG_PORT", "debug_port"},
                                        {"BOOT", "boot"},
                                        {"BOOT_DELAY", "boot_delay"},
                                        {"LOADER_TIMEOUT", "loader_timeout"},
                                        {"STOP_TIMEOUT", "stop_timeout"},
                                        {"LOADER", "loader"},
                                        {"BHYVELOAD_LOADER", "bhyveload_loader"}}) {
            text(name, key);
        }
        list("NBHYVELOAD_ENVS", "BHYVE_LOADENV", "bhyveload_env");
        list("NBHYVE_ENVS", "BHYVE_ENV", "bhyve_env");
        text("LOADCMD", "loadcmd");
        text("INSTALLCMD", "installcmd");
        text("ERR_LOGFILE", "err_logfile");
        auto const bridge = first("hostbridge");
        put("HOSTBRIDGE", bridge == "standard" ? "intel" : bridge);
        list("NPASSTHRUES", "PASSTHRUES", "passthru");
        tpm();
        disks();
        shares();
        isos();
        networks();
        sounds();
        text("VIRT_CONSOLE_NCONTROLLERS", "virt_console_ncontrollers");
        text("VIRT_CONSOLE_NPORTS", "virt_console_nports");
        graphics();
        return std::move(all_);
    }

private:
    using View = std::string_view;

    void put(std::string const& name, View value) { all_.push_back("VM_" + name + "=" + std::string{value}); }
    void put(std::string const& name, bool value) { put(name, View{value ? "true" : "false"}); }
    auto first(char const* key) -> View {
        auto const values = facts_.settings(key);
        return values.empty() ? View{} : values.front();
    }
    void text(std::string const& name, char const* key) {
        if (auto const values = facts_.settings(key); !values.empty()) {
            put(name, values.front());
        }
    }
    void flag(std::string const& name, char const* key) { put(name, first(key) == "yes"); }
    void list(std::string const& count, std::string const& name, char const* key) {
        auto const values = facts_.settings(key);
        put(count, std::to_string(values.size()));
        for (std::size_t i = 0; i < values.size(); ++i) {
            put(name + std::to_string(i + 1), values[i]);
        }
    }

    // As numbers, as bmd has them.
    void owner() {
        std::string const both{first("owner")};
        auto const colon = both.find(':');
        put("OWNER", std::to_string(facts_.uid(both.substr(0, colon))));
        put("GROUP", std::to_string(colon == std::string::npos ? -1 : facts_.gid(both.substr(colon + 1))));
    }

    void processors() {
        // "sockets[:cores[:threads]]"
        unsigned long count = 1;
        std::string const said{first("ncpu")};
        for (std::size_t at = 0; at < said.size();) {
            auto const end = std::min(said.find(':', at), said.size());
            count *= std::strtoul(said.c_str() + at, nullptr, 10);
            at = end + 1;
        }
        put("NCPU", std::to_string(count));
        list("NCPU_PINS", "CPU_PIN", "cpu_pin");
    }

    void flags() {
        flag("WIRED_MEMORY", "wired_memory");
        flag("UTCTIME", "utctime");
        flag("REBOOT_ON_CHANGE", "reboot_on_change");
        put("SINGLE_USER", false);
        flag("INSTALL", "install");
        flag("VIRT_RANDOM", "virt_random");
        flag("X2APIC", "x2apic");
    }

    // "type:device[:version]"
    void tpm() {
        auto said = first("tpm");
        if (said.empty()) {
            return;
        }
        auto const type = said.find(':');
        said.remove_prefix(type == View::npos ? 0 : type + 1);
        auto const version = said.rfind(':');
        put("TPM_DEV", said.substr(0, version));
        if (version != View::npos) {
            put("TPM_VERSION", said.substr(version + 1));
        }
    }

    // "[type:][flag:…]/path"
    struct Image {
        View type = "virtio-blk", path;
        std::vector<View> flags;
    };
    static auto image(View said) -> Image {
        Image made;
        for (bool more = true; more;) {
            more = false;
            for (View const type : {"nvme", "ahci-hd", "ahci", "virtio-blk"}) {
                if (said.starts_with(type) && said.substr(type.size()).starts_with(':')) {
                    made.type = type == "ahci" ? View{"ahci-hd"} : type;
                    said.remove_prefix(type.size() + 1);
                    more = true;
                }
            }
            for (View const word : {"nocache", "direct", "readonly", "nodelete", "noexist"}) {
                if (said.starts_with(word) && said.substr(word.size()).starts_with(':')) {
                    made.flags.push_back(word);
                    said.remove_prefix(word.size() + 1);
                    more = true;
                }
            }
        }
        made.path = said;
        return made;
    }
    void disks() {
        auto const all = facts_.settings("disk");
        put("NDISKS", std::to_string(all.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto const disk = image(all[i]);
            auto const name = "DISK" + std::to_string(i + 1) + "_";
            auto const has = [&](View word) { return std::ranges::find(disk.flags, word) != disk.flags.end(); };
            put(name + "TYPE", disk.type);
            put(name + "PATH", disk.path);
            put(name + "NOCACHE", has("nocache"));
            put(name + "DIRECT", has("direct"));
            put(name + "READONLY", has("readonly"));
            put(name + "NODELETE", has("nodelete"));
            put(name + "NOEXIST", has("noexist"));
        }
    }
    void isos() {
        auto const all = facts_.settings("iso");
        put("NISOES", std::to_string(all.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto const disc = image(all[i]);
            auto const name = "ISO" + std::to_string(i + 1) + "_";
            put(name + "TYPE", View{"ahci-cd"});
            put(name + "PATH", disc.path);
            put(name + "NOEXIST", !disc.flags.empty());
        }
    }
    // "[readonly:]name=path"
    void shares() {
        auto const all = facts_.settings("sharefs");
        put("NSHAREFSS", std::to_string(all.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto said = all[i];
            auto const name = "SHAREFS" + std::to_string(i + 1) + "_";
            bool const readonly = take(said, "readonly:");
            auto const equals = said.find('=');
            put(name + "NAME", said.substr(0, equals));
            put(name + "PATH", equals == View::npos ? View{} : said.substr(equals + 1));
            put(name + "READONLY", readonly);
        }
    }
    // "[e1000:][wol:][[mac]:]bridge"
    void networks() {
        auto const all = facts_.settings("network");
        put("NNETWORKS", std::to_string(all.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto said = all[i];
            auto const name = "NETWORK" + std::to_string(i + 1) + "_";
            put(name + "TYPE", take(said, "e1000:") ? View{"e1000"} : View{"virtio-net"});
            put(name + "WOL", take(said, "wol:"));
            if (said.starts_with('[')) {
                if (auto const end = said.find("]:"); end != View::npos) {
                    put(name + "MAC", said.substr(1, end - 1));
                    said.remove_prefix(end + 2);
                }
            }
            if (auto const tap = facts_.tap(i); !tap.empty()) {
                put(name + "TAP", tap);
            }
            put(name + "BRIDGE", said);
        }
    }
    // "play[:record]"
    void sounds() {
        auto const all = facts_.settings("hda");
        put("NHDAS", std::to_string(all.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            auto const name = "HDA" + std::to_string(i + 1) + "_";
            auto const colon = all[i].find(':');
            put(name + "PLAY_DEV", all[i].substr(0, colon));
            if (colon != View::npos) {
                put(name + "REC_DEV", all[i].substr(colon + 1));
            }
        }
    }
    void graphics() {
        flag("GRAPHICS", "graphics");
        if (first("graphics") != "yes") {
            return;
        }
        text("GRAPHICS_LISTEN", "graphics_listen");
        text("GRAPHICS_PORT", "graphics_port");
        text("GRAPHICS_RES", "graphics_res");
        text("GRAPHICS_VGA", "graphics_vga");
        flag("GRAPHICS_WAIT", "graphics_wait");
        flag("XHCI_MOUSE", "xhci_mouse");
        text("KEYMAP", "keymap");
    }

    Facts const& facts_;
    std::vector<std::string> all_;
};

}  // namespace

auto environment(Facts const& facts) -> std::vector<std::string> {
    return Maker{facts}.make();
}

}  // namespace apiary::hookcmd
