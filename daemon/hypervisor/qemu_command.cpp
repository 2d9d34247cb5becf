#include "hypervisor/qemu_command.hpp"

#include <array>
#include <charconv>

#include "hypervisor/arguments.hpp"
#include "hypervisor/qemu_devices.hpp"

namespace apiary::hypervisor {
namespace {

class CommandLine {
public:
    explicit CommandLine(QemuParts const& parts)
        : parts_{parts}, definition_{parts.definition}, contributed_{parts.contributions} {}

    auto build() -> std::variant<QemuCommand, std::string> {
        machine();
        control();
        serial_ports();
        if (auto missing = boot()) {
            return std::move(*missing);
        }
        if (auto missing = add_qemu_devices(parts_, argv_, fds_)) {
            return std::move(*missing);
        }
        graphics();
        rest();
        return QemuCommand{.argv = std::move(argv_), .fds = fds_.take()};
    }

private:
    void add(std::string_view flag, std::string text) {
        argv_.emplace_back(flag);
        argv_.push_back(std::move(text));
    }
    void add(std::string_view flag, OptionText const& text) { add(flag, text.text()); }

    void machine() {
        auto const& cpus = definition_.cpus;
        argv_.push_back(parts_.qemu);
        // Nothing that is not asked for: no default devices, and no configuration of the host's.
        argv_.emplace_back("-nodefaults");
        argv_.emplace_back("-no-user-config");
        add("-name", OptionText{}.set("guest", definition_.name));
        add("-machine", OptionText{"q35"}.set("usb", "off").set("vmport", "off").set("dump-guest-core", "off"));
        add("-accel", parts_.kvm ? "kvm" : "tcg");
        add("-cpu", parts_.kvm ? "host" : "max");
        add("-smp", OptionText{}
                        .set("cpus", cpus.count())
                        .set("sockets", cpus.sockets)
                        .set("cores", cpus.cores)
                        .set("threads", cpus.threads)
                        .set("maxcpus", cpus.count()));
        add("-m", OptionText{}.set("size", std::to_string((definition_.memory_bytes + 1023) / 1024) + "k"));
        if (definition_.wired_memory) {
            add("-overcommit", "mem-lock=on");
        }
        add("-rtc", definition_.utctime ? "base=utc" : "base=localtime");
    }

    void control() {
        // The process stays when the guest is over, so that even a daemon that was away can ask why (DESIGN 5).
        add("-action", std::string{"reboot="} + (ends_at_reboot(definition_) ? "shutdown" : "reset") +
                           ",shutdown=pause,panic=pause");
        add("-device", "pvpanic");
        // A guest that breaks out finds no way to start programs, to change its user or to regain rights.
        add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        add("-msg", "timestamp=on");
        // Listening, not connected: the daemon connects now, and the next daemon after a restart.
        add("-chardev", OptionText{"socket"}
                            .set("id", "qmp")
                            .set("fd", std::to_string(fds_.add(parts_.monitor)))
                            .set("server", "on")
                            .set("wait", "off"));
        add("-mon", "chardev=qmp,mode=control");
        // It starts when the daemon says `cont`: no event is lost before anybody listens.
        argv_.emplace_back("-S");
    }

    void serial_ports() {
        for (unsigned port = 0; port < 4; ++port) {
            auto const& setting = definition_.com[port];
            auto const id = "com" + std::to_string(port + 1);
            switch (setting.kind) {
                case ComPort::Kind::automatic:
                    add("-chardev",
                        OptionText{"socket"}.set("id", id).set("fd", std::to_string(fds_.add(parts_.console))));
                    break;
                case ComPort::Kind::device: {
                    auto const file = contributed_.file(id, setting.device.path);
                    auto const path = qemu_file(file, id, argv_, fds_);
                    add("-chardev", OptionText{"serial"}.set("id", id).set("path", path));
                    break;
                }
                case ComPort::Kind::tcp:
                    add("-chardev", listener(id, setting.text));
                    break;
                case ComPort::Kind::absent:
                case ComPort::Kind::stdio:  // refused by faults()
                    continue;
            }
            add("-device", OptionText{"isa-serial"}.set("chardev", id).set("index", port));
        }
    }

    static auto listener(std::string const& id, std::string_view text) -> OptionText {
        auto const address = text.substr(text.find('=') + 1);
        auto const colon = address.rfind(':');
        auto host = address.substr(0, colon);
        if (host.starts_with('[') && host.ends_with(']')) {
            host = host.substr(1, host.size() - 2);
        }
        auto option = OptionText{"socket"};
        option.set("id", id).set("host", host.empty() ? "0.0.0.0" : host);
        return option.set("port", colon == std::string_view::npos ? "" : address.substr(colon + 1))
            .set("server", "on")
            .set("wait", "off");
    }

    auto boot() -> std::optional<std::string> {
        add("-boot", "strict=on");
        if (definition_.loader == Loader::uefi) {
            return firmware();
        }
        if (definition_.loader == Loader::kernel) {
            kernel_file("-kernel", "kernel", definition_.kernel);
            kernel_file("-initrd", "initrd", definition_.initrd);
            if (!definition_.cmdline.empty()) {
                add("-append", definition_.cmdline);
            }
        }
        return std::nullopt;
    }

    auto firmware() -> std::optional<std::string> {
        auto const vars = contributed_.file("vars", {});
        if (!vars.fd && vars.path.empty()) {
            return "the step `firmware` left no file for the UEFI variables";
        }
        auto code = OptionText{"if=pflash"};
        code.set("unit", "0").set("format", "raw").set("readonly", "on").set("file", parts_.ovmf_code);
        add("-drive", code);
        auto const path = qemu_file(vars, "vars", argv_, fds_);
        auto variables = OptionText{"if=pflash"};
        variables.set("unit", "1").set("format", "raw").set("auto-read-only", "off").set("file", path);
        add("-drive", variables);
        return std::nullopt;
    }

    // QEMU opens these by name and more than once, so a descriptor is shown to it as a file. (The open goes by the
    // hypervisor's user: a kernel that he may not read cannot be handed to him in this way.)
    void kernel_file(std::string_view flag, std::string_view id, std::optional<HostPath> const& path) {
        auto const file = contributed_.file(id, path ? path->path : std::string{});
        if (file.fd) {
            add(flag, "/dev/fd/" + std::to_string(fds_.add(file.fd)));
        } else if (!file.path.empty()) {
            add(flag, file.path);
        }
    }

    void graphics() {
        add("-display", "none");
        auto const& setting = definition_.graphics;
        if (!setting.on) {
            return;
        }
        auto vnc = OptionText{};
        if (contributed_.fd("vnc")) {
            vnc.word("none");  // handed over through the monitor: the option takes no descriptor
        } else if (setting.path) {
            vnc.word("unix:" + setting.path->path);
        } else {
            bool const bare_v6 = setting.listen.find(':') != std::string::npos && !setting.listen.starts_with('[');
            vnc.word((bare_v6 ? "[" + setting.listen + "]" : setting.listen) + ":" +
                     std::to_string(setting.port - 5900));
        }
        if (parts_.secret) {
            auto const number = std::to_string(fds_.add(parts_.secret));
            add("-object", OptionText{"secret"}.set("id", "vnc-password").set("file", "/dev/fd/" + number));
            vnc.set("password-secret", "vnc-password");
        }
        add("-vnc", vnc);
        if (setting.keymap) {
            add("-k", qemu_keymap(*setting.keymap));
        }
    }

    void rest() {
        if (auto const& tpm = definition_.tpm) {
            if (tpm->type == "swtpm") {
                add("-chardev", OptionText{"socket"}.set("id", "tpm-socket").set("path", tpm->device));
                add("-tpmdev", OptionText{"emulator"}.set("id", "tpm0").set("chardev", "tpm-socket"));
            } else {
                add("-tpmdev", OptionText{"passthrough"}.set("id", "tpm0").set("path", tpm->device));
            }
            add("-device", "tpm-tis,tpmdev=tpm0");
        }
        if (definition_.debug_port) {
            add("-gdb", gdb_address(*definition_.debug_port).value_or(""));
        }
    }

    QemuParts const& parts_;
    Definition const& definition_;
    Contributed contributed_;
    std::vector<std::string> argv_;
    FdTable fds_;
};

}  // namespace

auto qemu_command(QemuParts const& parts) -> std::variant<QemuCommand, std::string> {
    return CommandLine{parts}.build();
}

auto ends_at_reboot(Definition const& definition) -> bool {
    return definition.boot == BootPolicy::oneshot || definition.install;
}

}  // namespace apiary::hypervisor
