// bhyve_config(5): the same as the arguments, one "key=value" to a line.
#include "hypervisor/bhyve_command.hpp"

namespace apiary::hypervisor {
namespace {

constexpr std::string_view yes = "true";

// bhyve_config(5), "PCI Device Settings": pci.BUS.SLOT.FUNCTION.*
class DeviceLines {
public:
    DeviceLines(BhyveParts const& parts, Device const& device, FdTable& fds)
        : parts_{parts}, device_{device}, fds_{fds} {
        auto const& address = device.address;
        prefix_ = "pci." + std::to_string(address.bus) + "." + std::to_string(address.slot) + "." +
                  std::to_string(address.function) + ".";
    }

    void operator()(HostBridgeDevice const& kind) { is(kind.amd ? "amd_hostbridge" : "hostbridge"); }
    void operator()(LpcDevice const& /*kind*/) { is("lpc"); }
    void operator()(RngDevice const& /*kind*/) { is("virtio-rnd"); }
    void operator()(DiskDevice const& kind) {
        auto const& disk = kind.disk;
        auto const path = bhyve_file(kind.file, fds_);
        // "AHCI Controller Settings": a controller has ports; "Block Device Settings" stand under the port.
        std::string under;
        if (disk.type == DiskType::ahci_hd) {
            is("ahci");
            under = "port.0.";
            set("port.0.type", "hd");
        } else {
            is(to_string(disk.type));
        }
        set(under + "path", path);
        set_if(disk.nocache, under + "nocache", yes);
        set_if(disk.direct, under + "direct", yes);
        set_if(disk.readonly, under + "ro", yes);
        set_if(disk.nodelete, under + "nodelete", yes);
    }
    void operator()(IsoDevice const& kind) {
        is("ahci");
        set("port.0.type", "cd");
        set("port.0.path", bhyve_file(kind.file, fds_));
    }
    void operator()(ShareDevice const& kind) {
        is("virtio-9p");
        set("sharename", kind.share.name);
        set("path", kind.share.path.path);
        set_if(kind.share.readonly, "ro", yes);
    }
    void operator()(NicDevice const& kind) {
        is(to_string(kind.nic.type));
        set("backend", bhyve_nic(parts_, kind, device_.index));
        set_if(kind.nic.mac.has_value(), "mac", kind.nic.mac.value_or(""));
    }
    void operator()(PassthruDevice const& kind) {
        is("passthru");
        if (kind.text.starts_with("ppt")) {
            set("pptdev", kind.text);
            return;
        }
        auto const first = kind.text.find('/');
        auto const second = kind.text.find('/', first + 1);
        set("bus", kind.text.substr(0, first));
        set("slot", kind.text.substr(first + 1, second - first - 1));
        set("func", kind.text.substr(second + 1));
    }
    void operator()(SoundDevice const& kind) {
        is("hda");
        set_if(!kind.sound.play.empty(), "play", kind.sound.play);
        set_if(!kind.sound.record.empty(), "rec", kind.sound.record);
    }
    void operator()(ConsoleDevice const& kind) {
        is("virtio-console");
        unsigned number = 0;
        for (auto const& port : kind.ports) {
            auto const under = "port." + std::to_string(number++) + ".";
            set(under + "name", port.name);
            set(under + "path", port.socket);
        }
    }
    // Its password is set apart: see bhyve_command().
    void operator()(FramebufferDevice const& /*kind*/) {
        auto const& graphics = parts_.definition.graphics;
        auto const [key, address] = bhyve_screen(graphics);
        is("fbuf");
        set(key, address);
        set("w", std::to_string(graphics.width));
        set("h", std::to_string(graphics.height));
        set("vga", graphics.vga);
        set_if(graphics.wait, "wait", yes);
    }
    void operator()(TabletDevice const& /*kind*/) {
        is("xhci");
        set("slot.1.device", "tablet");
    }
    void operator()(PlaceholderDevice const& /*kind*/) { is("hostbridge"); }

    [[nodiscard]] auto text() const -> std::string const& { return text_; }

private:
    void is(std::string_view driver) { set("device", driver); }
    void set(std::string_view key, std::string_view value) { text_ += config_line(prefix_ + std::string{key}, value); }
    void set_if(bool condition, std::string_view key, std::string_view value) {
        if (condition) {
            set(key, value);
        }
    }
    BhyveParts const& parts_;
    Device const& device_;
    FdTable& fds_;
    std::string prefix_, text_;
};

class ConfigText {
public:
    ConfigText(BhyveParts const& parts, FdTable& fds) : parts_{parts}, definition_{parts.definition}, fds_{fds} {}

    auto build(std::vector<Device> const& devices) -> std::string {
        machine();
        lpc();
        for (auto const& device : devices) {
            DeviceLines lines{parts_, device, fds_};
            std::visit(lines, device.kind);
            text_ += lines.text();
        }
        set_if(devices.size() > 32, "x86.mptable", "false");
        return std::move(text_);
    }

private:
    void set(std::string_view key, std::string_view value) { text_ += config_line(key, value); }
    void set_if(bool condition, std::string_view key, std::string_view value) {
        if (condition) {
            set(key, value);
        }
    }

    // "Global Settings", "x86-Specific Settings"
    void machine() {
        auto const& cpus = definition_.cpus;
        set_if(parts_.acpi_flag && definition_.acpi_tables.value_or(true), "acpi_tables", yes);
        set_if(definition_.vmexit_on_halt.value_or(true), "x86.vmexit_on_hlt", yes);
        set("x86.strictmsr", "false");
        set_if(definition_.x2apic, "x86.x2apic", yes);
        set_if(definition_.utctime, "rtc.use_localtime", "false");
        set_if(definition_.wired_memory || !definition_.passthru.empty(), "memory.wired", yes);
        debugger();
        set("cpus", std::to_string(cpus.count()));
        set("sockets", std::to_string(cpus.sockets));
        set("cores", std::to_string(cpus.cores));
        set("threads", std::to_string(cpus.threads));
        for (auto const& pin : cpus.pins) {
            set("vcpu." + std::to_string(pin.vcpu) + ".cpuset", std::to_string(pin.host));
        }
        set("memory.size", definition_.memory_text);
    }

    // -G [w][address:]port
    void debugger() {
        if (!definition_.debug_port) {
            return;
        }
        std::string_view text = *definition_.debug_port;
        if (text.starts_with('w')) {
            set("gdb.wait", yes);
            text.remove_prefix(1);
        }
        if (auto const colon = text.rfind(':'); colon != std::string_view::npos) {
            set("gdb.address", text.substr(0, colon));
            text.remove_prefix(colon + 1);
        }
        set("gdb.port", text);
    }

    // "LPC Device Settings", "TPM Device Settings", "Boot ROM Settings"
    void lpc() {
        for (unsigned port = 0; port < 4; ++port) {
            if (auto const device = bhyve_com(parts_, port, fds_); !device.empty()) {
                set("lpc.com" + std::to_string(port + 1) + ".path", device);
            }
        }
        set_if(definition_.graphics.keymap.has_value(), "keyboard.layout", definition_.graphics.keymap.value_or(""));
        if (definition_.loader == Loader::uefi) {
            auto const [rom, vars] = bhyve_firmware(parts_);
            set("bootrom", rom);
            set_if(!vars.empty(), "bootvars", vars);
        }
        if (auto const& tpm = definition_.tpm) {
            set("tpm.type", tpm->type);
            set("tpm.path", tpm->device);
            set_if(!tpm->version.empty(), "tpm.version", tpm->version);
        }
    }

    BhyveParts const& parts_;
    Definition const& definition_;
    FdTable& fds_;
    std::string text_;
};

}  // namespace

auto bhyve_config(BhyveParts const& parts, std::vector<Device> const& devices, FdTable& fds) -> std::string {
    return ConfigText{parts, fds}.build(devices);
}

}  // namespace apiary::hypervisor
