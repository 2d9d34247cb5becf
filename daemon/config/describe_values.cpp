// The value of each key, read out of a definition.
#include "config/describe_values.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

namespace apiary::config {

namespace {

using D = Definition;
using Texts = std::vector<std::string>;

auto number(std::int64_t value) -> Neutral {
    return Neutral{value};
}

auto text_or_null(std::string const& text) -> Neutral {
    return text.empty() ? Neutral{} : Neutral{text};
}

auto of(std::optional<std::string> const& text) -> Neutral {
    return text ? Neutral{*text} : Neutral{};
}

auto of(std::optional<HostPath> const& path) -> Neutral {
    return path ? Neutral{path->path} : Neutral{};
}

auto of(ComPort const& port) -> Neutral {
    return port.kind == ComPort::Kind::absent ? Neutral{} : Neutral{port.text};
}

template <typename Items, typename Make>
auto list(Items const& items, Make make) -> Neutral {
    NeutralList made;
    made.reserve(std::size(items));
    for (auto const& item : items) {
        made.emplace_back(make(item));
    }
    return Neutral{std::move(made)};
}

auto texts_of(std::vector<std::string> const& texts) -> Neutral {
    return list(texts, [](std::string const& text) { return Neutral{text}; });
}

template <typename Items, typename Make>
auto each_text(Items const& items, Make make) -> Texts {
    Texts made;
    made.reserve(std::size(items));
    std::transform(std::begin(items), std::end(items), std::back_inserter(made), make);
    return made;
}

auto flags_of(Disk const& disk) -> std::vector<std::string_view> {
    std::vector<std::string_view> flags;
    for (auto const& [on, word] :
         {std::pair{disk.nocache, "nocache"}, std::pair{disk.direct, "direct"}, std::pair{disk.readonly, "readonly"},
          std::pair{disk.nodelete, "nodelete"}, std::pair{disk.noexist, "noexist"}}) {
        if (on) {
            flags.emplace_back(word);
        }
    }
    return flags;
}

auto flags_of(Iso const& iso) -> std::vector<std::string_view> {
    return iso.noexist ? std::vector<std::string_view>{"noexist"} : std::vector<std::string_view>{};
}

template <typename Image>
auto image(Image const& from, std::string_view type) -> Neutral {
    return Neutral{NeutralRecord{{"type", Neutral{type}},
                                 {"flags", list(flags_of(from), [](std::string_view flag) { return Neutral{flag}; })},
                                 {"path", Neutral{from.path.path}}}};
}

template <typename Image>
auto image_text(Image const& from, std::string_view type) -> std::string {
    std::string text{type};
    for (std::string_view const flag : flags_of(from)) {
        (text += flag) += ':';
    }
    return text + from.path.path;
}

auto disk_text(Disk const& disk) -> std::string {
    return image_text(disk, disk.type == DiskType::virtio_blk ? "" : disk.type == DiskType::nvme ? "nvme:" : "ahci:");
}

auto bridge_of(Nic const& nic) -> std::string {
    switch (nic.attach) {
        case Nic::Attach::user:
            return "user";
        case Nic::Attach::unattached:
            return "none";
        case Nic::Attach::bridge:
        case Nic::Attach::vale:
            break;
    }
    return nic.bridge;
}

auto card(Nic const& nic) -> Neutral {
    return Neutral{NeutralRecord{{"type", Neutral{to_string(nic.type)}},
                                 {"mac", of(nic.mac)},
                                 {"wol", Neutral{nic.wol}},
                                 {"bridge", Neutral{bridge_of(nic)}},
                                 {"vale", Neutral{nic.attach == Nic::Attach::vale}}}};
}

auto card_text(Nic const& nic) -> std::string {
    std::string text = nic.type == NicType::e1000 ? "e1000:" : "";
    text += nic.wol ? "wol:" : "";
    if (nic.mac) {
        text += "[" + *nic.mac + "]:";
    }
    return text + bridge_of(nic);
}

auto share(Share const& from) -> Neutral {
    return Neutral{NeutralRecord{
        {"name", Neutral{from.name}}, {"path", Neutral{from.path.path}}, {"readonly", Neutral{from.readonly}}}};
}

auto share_text(Share const& from) -> std::string {
    return (from.readonly ? "readonly:" : "") + from.name + "=" + from.path.path;
}

auto sound(Sound const& from) -> Neutral {
    return Neutral{NeutralRecord{{"play", Neutral{from.play}}, {"record", text_or_null(from.record)}}};
}

auto sound_text(Sound const& from) -> std::string {
    return from.play + (from.record.empty() ? "" : ":" + from.record);
}

auto tpm(D const& vm) -> Neutral {
    return !vm.tpm ? Neutral{}
                   : Neutral{NeutralRecord{{"type", Neutral{vm.tpm->type}},
                                           {"dev", Neutral{vm.tpm->device}},
                                           {"version", text_or_null(vm.tpm->version)}}};
}

auto tpm_texts(D const& vm) -> Texts {
    return !vm.tpm
               ? Texts{}
               : Texts{vm.tpm->type + ":" + vm.tpm->device + (vm.tpm->version.empty() ? "" : ":" + vm.tpm->version)};
}

auto cpu_texts(D const& vm) -> Texts {
    std::string text = std::to_string(vm.cpus.sockets);
    if (vm.cpus.cores != 1 || vm.cpus.threads != 1) {
        text += ":" + std::to_string(vm.cpus.cores);
    }
    if (vm.cpus.threads != 1) {
        text += ":" + std::to_string(vm.cpus.threads);
    }
    return {std::move(text)};
}

auto owner_texts(D const& vm) -> Texts {
    return {vm.owner_name + (vm.group_name.empty() ? "" : ":" + vm.group_name)};
}

auto pin_text(CpuPin const& pin) -> std::string {
    return std::to_string(pin.vcpu) + ":" + std::to_string(pin.host);
}

auto hostbridge(D const& vm) -> Neutral {
    switch (vm.hostbridge) {
        case HostBridge::none:
            return Neutral{"none"};
        case HostBridge::amd:
            return Neutral{"amd"};
        case HostBridge::standard:
            break;
    }
    return Neutral{"standard"};
}

auto console_template(D const& vm) -> Neutral {
    return Neutral{vm.virt_console.path_template.value_or("virt_console%n=/var/run/vc-" + vm.name + "%n.sock")};
}

auto resolution(D const& vm) -> Neutral {
    return Neutral{std::to_string(vm.graphics.width) + "x" + std::to_string(vm.graphics.height)};
}

// As it was written, which is more than what has an effect.
auto after(D const& vm) -> Neutral {
    auto const setting = std::ranges::find(vm.settings, "after", &Setting::key);
    return setting == vm.settings.end() ? Neutral{NeutralList{}}
                                        : list(setting->values, [](std::string const& text) { return Neutral{text}; });
}

constexpr auto views = std::to_array<KeyView>({
    {"acpi_tables", [](D const& vm) { return Neutral{vm.acpi_tables.value_or(true)}; }},
    {"after", after},
    {"backend", [](D const& vm) { return Neutral{to_string(vm.backend)}; }},
    {"bhyve_env", [](D const& vm) { return texts_of(vm.bhyve_env); }},
    {"bhyveload_env", [](D const& vm) { return texts_of(vm.bhyveload_env); }},
    {"bhyveload_loader", [](D const& vm) { return of(vm.bhyveload_loader); }},
    {"boot", [](D const& vm) { return Neutral{to_string(vm.boot)}; }},
    {"boot_delay", [](D const& vm) { return number(vm.boot_delay.count()); }},
    {"bootrom", [](D const& vm) { return of(vm.bootrom); }},
    {"cmdline", [](D const& vm) { return text_or_null(vm.cmdline); }},
    {"com1", [](D const& vm) { return of(vm.com[0]); }},
    {"com2", [](D const& vm) { return of(vm.com[1]); }},
    {"com3", [](D const& vm) { return of(vm.com[2]); }},
    {"com4", [](D const& vm) { return of(vm.com[3]); }},
    {"configfile", [](D const& vm) { return vm.bhyve_base ? Neutral{vm.bhyve_base->file} : Neutral{}; }},
    {"cores", [](D const& vm) { return number(vm.cpus.cores); }},
    {"cpu_pin",
     [](D const& vm) { return list(vm.cpus.pins, [](CpuPin const& pin) { return Neutral{pin_text(pin)}; }); }},
    {"debug_port", [](D const& vm) { return of(vm.debug_port); }},
    {"description", [](D const& vm) { return text_or_null(vm.description); }},
    {"disk",
     [](D const& vm) { return list(vm.disks, [](Disk const& disk) { return image(disk, to_string(disk.type)); }); },
     [](D const& vm) { return each_text(vm.disks, disk_text); }},
    {"err_logfile", [](D const& vm) { return of(vm.err_logfile); }},
    {"graphics", [](D const& vm) { return Neutral{vm.graphics.on}; }},
    {"graphics_listen", [](D const& vm) { return Neutral{vm.graphics.listen}; }},
    {"graphics_password", [](D const& vm) { return of(vm.graphics.password); }},
    {"graphics_path", [](D const& vm) { return of(vm.graphics.path); }},
    {"graphics_port", [](D const& vm) { return number(vm.graphics.port); }},
    {"graphics_res", resolution},
    {"graphics_vga", [](D const& vm) { return Neutral{vm.graphics.vga}; }},
    {"graphics_wait", [](D const& vm) { return Neutral{vm.graphics.wait}; }},
    {"grub_run_partition", [](D const& vm) { return of(vm.grub_run_partition); }},
    {"hda", [](D const& vm) { return list(vm.sounds, sound); },
     [](D const& vm) { return each_text(vm.sounds, sound_text); }},
    {"hostbridge", hostbridge},
    {"initrd", [](D const& vm) { return of(vm.initrd); }},
    {"install", [](D const& vm) { return Neutral{vm.install}; }},
    {"installcmd", [](D const& vm) { return of(vm.installcmd); }},
    {"iso", [](D const& vm) { return list(vm.isos, [](Iso const& iso) { return image(iso, "ahci-cd"); }); },
     [](D const& vm) { return each_text(vm.isos, [](Iso const& iso) { return image_text(iso, ""); }); }},
    {"kernel", [](D const& vm) { return of(vm.kernel); }},
    {"keymap", [](D const& vm) { return of(vm.graphics.keymap); }},
    {"loadcmd", [](D const& vm) { return of(vm.loadcmd); }},
    {"loader", [](D const& vm) { return Neutral{to_string(vm.loader)}; }},
    {"loader_timeout", [](D const& vm) { return number(vm.loader_timeout.count()); }},
    {"maxrestart", [](D const& vm) { return number(vm.restart_limit.restarts); }},
    {"maxrestarttime", [](D const& vm) { return number(vm.restart_limit.within.count()); }},
    {"memory", [](D const& vm) { return Neutral{vm.memory_text}; }},
    {"name", [](D const& vm) { return Neutral{vm.name}; }},
    {"ncpu", [](D const& vm) { return number(vm.cpus.count()); }, cpu_texts},
    {"network", [](D const& vm) { return list(vm.nics, card); },
     [](D const& vm) { return each_text(vm.nics, card_text); }},
    {"os", [](D const& vm) { return text_or_null(vm.os); }},
    {"osversion", [](D const& vm) { return text_or_null(vm.osversion); }},
    {"owner", [](D const& vm) { return Neutral{vm.owner_name}; }, owner_texts},
    {"passthru", [](D const& vm) { return texts_of(vm.passthru); }},
    {"reboot_on_change", [](D const& vm) { return Neutral{vm.reboot_on_change}; }},
    {"scriptpath", [](D const& vm) { return of(vm.scriptpath); }},
    {"sharefs", [](D const& vm) { return list(vm.shares, share); },
     [](D const& vm) { return each_text(vm.shares, share_text); }},
    {"sockets", [](D const& vm) { return number(vm.cpus.sockets); }},
    {"stop_timeout", [](D const& vm) { return number(vm.stop_timeout.count()); }},
    {"threads", [](D const& vm) { return number(vm.cpus.threads); }},
    {"tpm", tpm, tpm_texts},
    {"utctime", [](D const& vm) { return Neutral{vm.utctime}; }},
    {"virt_console_ncontrollers", [](D const& vm) { return number(vm.virt_console.controllers); }},
    {"virt_console_nports", [](D const& vm) { return number(vm.virt_console.ports); }},
    {"virt_console_template", console_template},
    {"virt_random", [](D const& vm) { return Neutral{vm.virt_random}; }},
    {"visibility", [](D const& vm) { return Neutral{to_string(vm.visibility)}; }},
    {"vmexit_on_halt", [](D const& vm) { return Neutral{vm.vmexit_on_halt.value_or(true)}; }},
    {"wired_memory", [](D const& vm) { return Neutral{vm.wired_memory}; }},
    {"x2apic", [](D const& vm) { return Neutral{vm.x2apic}; }},
    {"xhci_mouse", [](D const& vm) { return Neutral{vm.graphics.xhci_mouse}; }},
});
static_assert(std::ranges::is_sorted(views, {}, &KeyView::key));  // it is searched by halving

}  // namespace

auto find_view(std::string_view key) -> KeyView const* {
    auto const* const found = std::ranges::lower_bound(views, key, {}, &KeyView::key);
    return found != views.end() && found->key == key ? found : nullptr;
}

auto plain_texts(Neutral const& value) -> std::vector<std::string> {
    struct Write {
        auto operator()(Neutral::Null) const -> Texts { return {}; }
        auto operator()(bool flag) const -> Texts { return {flag ? "yes" : "no"}; }
        auto operator()(std::int64_t amount) const -> Texts { return {std::to_string(amount)}; }
        auto operator()(std::string const& text) const -> Texts { return {text}; }
        auto operator()(NeutralList const& items) const -> Texts {
            Texts all;
            for (Neutral const& item : items) {
                for (std::string& text : plain_texts(item)) {
                    all.push_back(std::move(text));
                }
            }
            return all;
        }
        auto operator()(NeutralRecord const& /*fields*/) const -> Texts { return {}; }
    };
    return std::visit(Write{}, value.data);
}

}  // namespace apiary::config
