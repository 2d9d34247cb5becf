#include "hypervisor/qemu_devices.hpp"

#include <algorithm>

namespace apiary::hypervisor {
namespace {

class Writer {
public:
    Writer(QemuParts const& parts, std::vector<std::string>& argv, FdTable& fds, std::vector<Device> const& devices)
        : parts_{parts}, definition_{parts.definition}, argv_{argv}, fds_{fds} {
        for (auto const& device : devices) {
            disks_ += std::holds_alternative<DiskDevice>(device.kind) ? 1U : 0U;
            isos_ += std::holds_alternative<IsoDevice>(device.kind) ? 1U : 0U;
        }
    }

    auto write(Device const& device) -> std::optional<std::string> {
        device_ = &device;
        std::visit([this](auto const& kind) { (*this)(kind); }, device.kind);
        return std::move(missing_);
    }

    void operator()(HostBridgeDevice const& /*built into q35*/) {}
    void operator()(LpcDevice const& /*built into q35*/) {}
    void operator()(SoundDevice const& /*refused by faults()*/) {}

    void operator()(RngDevice const& /*kind*/) {
        option("-object", OptionText{"rng-builtin"}.set("id", "rng0"));
        option("-device", placed("virtio-rng-pci").set("rng", "rng0"));
    }

    void operator()(DiskDevice const& kind) {
        auto const id = name("disk");
        auto drive = OptionText{"if=none"};
        drive.set("id", id).set("file", qemu_file(kind.file, id, argv_, fds_)).set("format", format(kind.disk));
        drive.set("cache", cache(kind.disk)).set("discard", kind.disk.nodelete ? "ignore" : "unmap");
        // Opened as it is used from the start: a descriptor cannot be opened again for writing later.
        drive.set("auto-read-only", "off").set_if(kind.disk.readonly, "readonly", "on");
        option("-drive", drive);
        auto const boot = (definition_.install ? isos_ : 0) + ++boot_disks_;
        switch (kind.disk.type) {
            case DiskType::virtio_blk:
                option("-device", placed("virtio-blk-pci").set("drive", id).set("serial", id).set("bootindex", boot));
                break;
            case DiskType::nvme:
                option("-device", placed("nvme").set("drive", id).set("serial", id).set("bootindex", boot));
                break;
            case DiskType::ahci_hd:
                sata("ide-hd", id, boot);
                break;
        }
    }

    void operator()(IsoDevice const& kind) {
        auto const id = name("iso");
        option("-drive", OptionText{"if=none"}
                             .set("id", id)
                             .set("media", "cdrom")
                             .set("file", qemu_file(kind.file, id, argv_, fds_))
                             .set("format", "raw")
                             .set("auto-read-only", "off")
                             .set("readonly", "on"));
        sata("ide-cd", id, (definition_.install ? 0 : disks_) + ++boot_isos_);
    }

    void operator()(ShareDevice const& kind) {
        auto const id = name("share");
        // As root the host's files show and get their real owners; another user could not give files away.
        option("-fsdev", OptionText{"local"}
                             .set("id", id)
                             .set("path", kind.share.path.path)
                             .set("security_model", parts_.as_root ? "passthrough" : "none")
                             .set_if(kind.share.readonly, "readonly", "on"));
        option("-device", placed("virtio-9p-pci").set("fsdev", id).set("mount_tag", kind.share.name));
    }

    void operator()(NicDevice const& kind) {
        auto const id = name("nic");
        if (kind.fd) {
            option("-netdev", OptionText{"tap"}.set("id", id).set("fd", std::to_string(fds_.add(kind.fd))));
        } else if (!kind.tap.empty()) {
            option("-netdev",
                   OptionText{"tap"}.set("id", id).set("ifname", kind.tap).set("script", "no").set("downscript", "no"));
        } else if (kind.nic.attach == Nic::Attach::user) {
            option("-netdev", OptionText{"user"}.set("id", id));
        } else {
            missing_ = "no step made the interface for network card " + std::to_string(device_->index) +
                       "; load a network plugin, or use `network = user`";
            return;
        }
        auto text = placed(kind.nic.type == NicType::e1000 ? "e1000" : "virtio-net-pci");
        text.set("netdev", id).set("mac", kind.nic.mac.value_or(stable_mac(definition_, device_->index)));
        // Its boot ROM costs time at each start; only who has nothing else to boot from needs it.
        text.set_if(disks_ + isos_ > 0 || definition_.loader == Loader::kernel, "romfile", "");
        option("-device", text);
    }

    void operator()(PassthruDevice const& kind) {
        option("-device", placed("vfio-pci").set("host", vfio_host(kind.text).value_or(kind.text)));
    }

    void operator()(ConsoleDevice const& kind) {
        auto const id = name("vc");
        option("-device", placed("virtio-serial-pci").set("id", id).set("max_ports", 17));
        unsigned number = 0;
        for (auto const& port : kind.ports) {
            auto const chardev = id + "p" + std::to_string(number);
            option("-chardev", OptionText{"socket"}
                                   .set("id", chardev)
                                   .set("path", port.socket)
                                   .set("server", "on")
                                   .set("wait", "off"));
            // Port 0 is kept for a console by virtio, so ours begin with 1.
            option("-device", OptionText{"virtserialport"}
                                  .set("bus", id + ".0")
                                  .set("nr", ++number)
                                  .set("chardev", chardev)
                                  .set("name", port.name));
        }
    }

    void operator()(FramebufferDevice const& /*kind*/) {
        auto const& graphics = definition_.graphics;
        // `vga = off` is bhyve's word for a frame buffer without the registers of a VGA card.
        auto text = placed(graphics.vga == "off" ? "bochs-display" : "VGA");
        text.set("xres", graphics.width).set("yres", graphics.height);
        auto const bytes = 4UL * graphics.width * graphics.height;
        unsigned long mebibytes = 16;  // QEMU's own default, and a power of two is wanted
        while (mebibytes < 256 && mebibytes << 20U < bytes) {
            mebibytes *= 2;
        }
        text.set("vgamem" + std::string{graphics.vga == "off" ? "" : "_mb"},
                 std::to_string(mebibytes) + (graphics.vga == "off" ? "M" : ""));
        option("-device", text);
    }

    void operator()(TabletDevice const& /*kind*/) {
        option("-device", placed("qemu-xhci").set("id", "xhci"));
        option("-device", OptionText{"usb-tablet"}.set("bus", "xhci.0"));
    }

    void operator()(PlaceholderDevice const& /*kind*/) {
        auto const number = std::to_string(device_->index);
        option("-device",
               placed("pcie-root-port").set("id", "gap" + number).set("chassis", number).set("slot", number));
    }

private:
    auto name(std::string_view what) const -> std::string { return std::string{what} + std::to_string(device_->index); }

    auto placed(std::string_view driver) const -> OptionText {
        static constexpr std::string_view digits = "0123456789abcdef";
        auto const& address = device_->address;
        std::string text;
        text += digits.at(address.slot / 16);
        text += digits.at(address.slot % 16);
        text += '.';
        text += digits.at(address.function);
        OptionText option{driver};
        option.set("addr", text).set_if(device_->multifunction, "multifunction", "on");
        return option;
    }

    void option(std::string_view flag, OptionText const& text) {
        argv_.emplace_back(flag);
        argv_.push_back(text.text());
    }

    // Each has a controller to itself, at its own place: so a change of a disk's type moves nothing either.
    void sata(std::string_view driver, std::string const& id, unsigned boot) {
        option("-device", placed("ich9-ahci").set("id", "sata-" + id));
        auto text = OptionText{driver};
        text.set("bus", "sata-" + id + ".0").set("drive", id).set("serial", id).set("bootindex", boot);
        option("-device", text);
    }

    // bhyve(8): nocache is O_DIRECT, direct is O_SYNC; the four pairs are QEMU's four cache modes.
    static auto cache(Disk const& disk) -> std::string_view {
        if (disk.nocache) {
            return disk.direct ? "directsync" : "none";
        }
        return disk.direct ? "writethrough" : "writeback";
    }

    // Never probed: a guest could write the header of another format onto its raw disk. A qcow2 may name other files,
    // which the hypervisor then opens: it must have no more rights than who named the disk.
    auto format(Disk const& disk) const -> std::string_view {
        auto const& path = disk.path;
        bool const safe = path.trusted || (!parts_.as_root && path.opened_as == definition_.owner);
        return safe && path.path.ends_with(".qcow2") ? "qcow2" : "raw";
    }

    QemuParts const& parts_;
    Definition const& definition_;
    std::vector<std::string>& argv_;
    FdTable& fds_;
    Device const* device_ = nullptr;
    unsigned disks_ = 0, isos_ = 0, boot_disks_ = 0, boot_isos_ = 0;
    std::optional<std::string> missing_;
};

}  // namespace

auto qemu_file(HostFile const& file, std::string_view name, std::vector<std::string>& argv, FdTable& fds)
    -> std::string {
    if (!file.fd) {
        return file.path;
    }
    int const number = fds.add(file.fd);
    argv.emplace_back("-add-fd");
    argv.push_back(
        OptionText{}.set("fd", std::to_string(number)).set("set", std::to_string(number)).set("opaque", name).text());
    return "/dev/fdset/" + std::to_string(number);
}

auto add_qemu_devices(QemuParts const& parts, std::vector<std::string>& argv, FdTable& fds)
    -> std::optional<std::string> {
    Contributed const contributed{parts.contributions};
    auto const devices = device_model(parts.definition, contributed, Numbering::stable);
    if (!devices) {
        auto const fault = capacity_fault(parts.definition);
        return fault ? fault->text : "too many devices";
    }
    Writer writer{parts, argv, fds, *devices};
    // Placeholders come last in the model, but nothing in QEMU depends on the order of functions.
    for (auto const& device : *devices) {
        if (auto missing = writer.write(device)) {
            return missing;
        }
    }
    return std::nullopt;
}

}  // namespace apiary::hypervisor
