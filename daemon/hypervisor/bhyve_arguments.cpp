// bhyve(8), OPTIONS: the arguments, in the order in which bmd writes them.
#include "hypervisor/bhyve_command.hpp"

namespace apiary::hypervisor {
namespace {

// bhyve(8), "-s slot,emulation[,conf]".
class DeviceText {
public:
    DeviceText(BhyveParts const& parts, Device const& device, FdTable& fds)
        : parts_{parts}, device_{device}, fds_{fds} {}

    void operator()(HostBridgeDevice const& kind) { text_ = kind.amd ? "amd_hostbridge" : "hostbridge"; }
    void operator()(LpcDevice const& /*kind*/) { text_ = "lpc"; }
    void operator()(RngDevice const& /*kind*/) { text_ = "virtio-rnd"; }
    // "Block storage device backends"
    void operator()(DiskDevice const& kind) {
        text_ = std::string{to_string(kind.disk.type)} + "," + bhyve_file(kind.file, fds_);
        flag(kind.disk.nocache, "nocache");
        flag(kind.disk.direct, "direct");
        flag(kind.disk.readonly, "ro");
        flag(kind.disk.nodelete, "nodelete");
    }
    void operator()(IsoDevice const& kind) { text_ = "ahci-cd," + bhyve_file(kind.file, fds_); }
    // "9P device backends"
    void operator()(ShareDevice const& kind) {
        text_ = "virtio-9p," + kind.share.name + "=" + kind.share.path.path;
        flag(kind.share.readonly, "ro");
    }
    // "Network device backends"
    void operator()(NicDevice const& kind) {
        text_ = std::string{to_string(kind.nic.type)} + "," + bhyve_nic(parts_, kind, device_.index);
        flag(kind.nic.mac.has_value(), "mac=" + kind.nic.mac.value_or(""));
    }
    // "Pass-through device backends"
    void operator()(PassthruDevice const& kind) { text_ = "passthru," + kind.text; }
    // "High Definition Audio device backends"
    void operator()(SoundDevice const& kind) {
        text_ = "hda";
        flag(!kind.sound.play.empty(), "play=" + kind.sound.play);
        flag(!kind.sound.record.empty(), "rec=" + kind.sound.record);
    }
    // "Virtio console device backends"
    void operator()(ConsoleDevice const& kind) {
        text_ = "virtio-console";
        for (auto const& port : kind.ports) {
            flag(true, port.name + "=" + port.socket);
        }
    }
    // "Framebuffer devices backends". Its password is not here: see bhyve_command().
    void operator()(FramebufferDevice const& /*kind*/) {
        auto const& graphics = parts_.definition.graphics;
        auto const [key, address] = bhyve_screen(graphics);
        text_ = "fbuf," + key + "=" + address + ",w=" + std::to_string(graphics.width) +
                ",h=" + std::to_string(graphics.height) + ",vga=" + graphics.vga;
        flag(graphics.wait, "wait");
    }
    // "xHCI device backends"
    void operator()(TabletDevice const& /*kind*/) { text_ = "xhci,tablet"; }
    // A second host bridge does nothing, which is what is wanted of it.
    void operator()(PlaceholderDevice const& /*kind*/) { text_ = "hostbridge"; }

    [[nodiscard]] auto text() const -> std::string {
        auto const& address = device_.address;
        return std::to_string(address.bus) + ":" + std::to_string(address.slot) + ":" +
               std::to_string(address.function) + "," + text_;
    }

private:
    void flag(bool condition, std::string const& word) {
        if (condition) {
            text_ += "," + word;
        }
    }
    BhyveParts const& parts_;
    Device const& device_;
    FdTable& fds_;
    std::string text_;
};

class Arguments {
public:
    Arguments(BhyveParts const& parts, FdTable& fds) : parts_{parts}, definition_{parts.definition}, fds_{fds} {}

    auto build(std::vector<Device> const& devices) -> std::vector<std::string> {
        machine();
        lpc();
        for (auto const& device : devices) {
            DeviceText text{parts_, device, fds_};
            std::visit(text, device.kind);
            add("-s", text.text());
        }
        if (devices.size() > 32) {
            argv_.emplace_back("-Y");  // the MP table knows bus 0 only
        }
        return std::move(argv_);
    }

private:
    void add(std::string_view flag, std::string value) {
        argv_.emplace_back(flag);
        argv_.push_back(std::move(value));
    }
    void add_if(bool condition, std::string_view flag) {
        if (condition) {
            argv_.emplace_back(flag);
        }
    }

    void machine() {
        auto const& cpus = definition_.cpus;
        argv_.push_back(parts_.bhyve);
        add_if(parts_.acpi_flag && definition_.acpi_tables.value_or(true), "-A");
        add_if(definition_.vmexit_on_halt.value_or(true), "-H");  // an idle virtual CPU gives up the real one
        argv_.emplace_back("-w");                                 // unknown model specific registers are ignored
        add_if(definition_.x2apic, "-x");
        add_if(definition_.utctime, "-u");
        add_if(definition_.wired_memory || !definition_.passthru.empty(), "-S");
        if (definition_.debug_port) {
            add("-G", *definition_.debug_port);
        }
        add("-c", "cpus=" + std::to_string(cpus.count()) + ",sockets=" + std::to_string(cpus.sockets) +
                      ",cores=" + std::to_string(cpus.cores) + ",threads=" + std::to_string(cpus.threads));
        for (auto const& pin : cpus.pins) {
            add("-p", std::to_string(pin.vcpu) + ":" + std::to_string(pin.host));
        }
        add("-m", definition_.memory_text);
    }

    void lpc() {
        for (unsigned port = 0; port < 4; ++port) {
            if (auto const device = bhyve_com(parts_, port, fds_); !device.empty()) {
                add("-l", "com" + std::to_string(port + 1) + "," + device);
            }
        }
        if (definition_.graphics.keymap) {
            add("-K", *definition_.graphics.keymap);
        }
        if (definition_.loader == Loader::uefi) {
            auto const [rom, vars] = bhyve_firmware(parts_);
            add("-l", "bootrom," + rom + (vars.empty() ? "" : "," + vars));
        }
        if (auto const& tpm = definition_.tpm) {
            add("-l",
                "tpm," + tpm->type + "," + tpm->device + (tpm->version.empty() ? "" : ",version=" + tpm->version));
        }
    }

    BhyveParts const& parts_;
    Definition const& definition_;
    FdTable& fds_;
    std::vector<std::string> argv_;
};

}  // namespace

auto bhyve_arguments(BhyveParts const& parts, std::vector<Device> const& devices, FdTable& fds)
    -> std::vector<std::string> {
    return Arguments{parts, fds}.build(devices);
}

}  // namespace apiary::hypervisor
