// A VM with a configuration file of its own, as vmstated has them: that file, and after it what the definition says.
//
// Of settings that bhyve reads twice the later one counts, so nothing is written that nobody has said: a default of
// ours would undo what stands in the file.
#include <algorithm>
#include <optional>

#include "hypervisor/bhyve_command.hpp"

namespace apiary::hypervisor {
namespace {

class BaseText {
public:
    BaseText(BhyveParts const& parts, FdTable& fds)
        : parts_{parts}, definition_{parts.definition}, base_{*parts.definition.bhyve_base}, fds_{fds} {}

    auto build() -> std::string {
        for (auto const& [key, value] : base_.settings) {
            text_ += key + "=" + value + "\n";  // as it stands there: what it expands is its own business
        }
        machine();
        processors();
        host_bridge();
        firmware();
        ports();
        return std::move(text_);
    }

private:
    [[nodiscard]] auto said(std::string_view key) const -> bool {
        return std::any_of(definition_.settings.begin(), definition_.settings.end(),
                           [&](Setting const& setting) { return setting.key == key; });
    }

    void set(std::string_view key, std::string_view value) { text_ += config_line(key, value); }
    void flag(std::string_view key, bool value) { set(key, value ? "true" : "false"); }

    void machine() {
        if (definition_.acpi_tables) {
            flag("acpi_tables", *definition_.acpi_tables);
        }
        if (definition_.vmexit_on_halt) {
            flag("x86.vmexit_on_hlt", *definition_.vmexit_on_halt);
        }
        if (said("x2apic")) {
            flag("x86.x2apic", definition_.x2apic);
        }
        if (said("utctime")) {
            flag("rtc.use_localtime", !definition_.utctime);
        }
        if (said("wired_memory")) {
            flag("memory.wired", definition_.wired_memory);
        }
        if (said("memory")) {
            set("memory.size", definition_.memory_text);
        }
        if (definition_.graphics.keymap) {
            set("keyboard.layout", *definition_.graphics.keymap);
        }
    }

    // All four: bhyve refuses numbers that do not fit together, and some of them may stand in the file.
    void processors() {
        auto const& cpus = definition_.cpus;
        if (said("ncpu") || said("cpus") || said("sockets") || said("cores") || said("threads")) {
            set("cpus", std::to_string(cpus.count()));
            set("sockets", std::to_string(cpus.sockets));
            set("cores", std::to_string(cpus.cores));
            set("threads", std::to_string(cpus.threads));
        }
        for (auto const& pin : cpus.pins) {
            set("vcpu." + std::to_string(pin.vcpu) + ".cpuset", std::to_string(pin.host));
        }
    }

    void host_bridge() {
        if (!said("hostbridge") || definition_.hostbridge == HostBridge::none) {
            return;
        }
        auto slot = slot_of("hostbridge");
        slot = slot ? slot : slot_of("amd_hostbridge");
        set(slot.value_or("pci.0.0.0.") + "device",
            definition_.hostbridge == HostBridge::amd ? "amd_hostbridge" : "hostbridge");
    }

    // bhyve has known two names for each: it ignores the one that it does not know.
    void firmware() {
        if (!definition_.bootrom) {
            return;
        }
        std::string_view const text = *definition_.bootrom;
        auto const comma = text.find(',');
        set("lpc.bootrom", text.substr(0, comma));
        set("bootrom", text.substr(0, comma));
        if (comma != std::string_view::npos) {
            set("lpc.bootvars", text.substr(comma + 1));
            set("bootvars", text.substr(comma + 1));
        }
        add_lpc();
    }

    void ports() {
        for (unsigned port = 0; port < 4; ++port) {
            if (auto const device = bhyve_com(parts_, port, fds_); !device.empty()) {
                set("lpc.com" + std::to_string(port + 1) + ".path", device);
                add_lpc();
            }
        }
    }

    // The bridge that serial ports and firmware are behind; a VM has one.
    void add_lpc() {
        if (lpc_ || slot_of("lpc")) {
            return;
        }
        lpc_ = true;
        for (unsigned const slot : {1U, 31U, 30U, 29U, 28U}) {
            auto const place = "pci.0." + std::to_string(slot) + ".";
            bool const taken = std::any_of(base_.settings.begin(), base_.settings.end(),
                                           [&](auto const& setting) { return setting.first.starts_with(place); });
            if (!taken) {
                set(place + "0.device", "lpc");
                return;
            }
        }
    }

    // "pci.0.31.0." of the device of this kind; nothing: there is none.
    [[nodiscard]] auto slot_of(std::string_view driver) const -> std::optional<std::string> {
        constexpr std::string_view ending = "device";
        for (auto const& [key, value] : base_.settings) {
            bool const place =
                key.starts_with("pci.") && key.ends_with(".device") && std::count(key.begin(), key.end(), '.') == 4;
            if (place && value == driver) {
                return key.substr(0, key.size() - ending.size());
            }
        }
        return std::nullopt;
    }

    BhyveParts const& parts_;
    Definition const& definition_;
    BhyveBase const& base_;
    FdTable& fds_;
    std::string text_;
    bool lpc_ = false;
};

}  // namespace

auto bhyve_with_base(BhyveParts const& parts, FdTable& fds) -> std::string {
    return BaseText{parts, fds}.build();
}

}  // namespace apiary::hypervisor
