#include "hypervisor/bhyve_command.hpp"

#include <algorithm>

namespace apiary::hypervisor {
namespace {

auto find_framebuffer(std::vector<Device> const& devices) -> Device const* {
    auto const found = std::find_if(devices.begin(), devices.end(), [](Device const& device) {
        return std::holds_alternative<FramebufferDevice>(device.kind);
    });
    return found == devices.end() ? nullptr : &*found;
}

// Would the arguments of this definition need a comma that means itself? bhyve(8) knows no way to write one in -s and
// -l.
auto needs_file(BhyveParts const& parts) -> bool {
    auto const& definition = parts.definition;
    auto const comma = [](std::string_view text) { return text.find(',') != std::string_view::npos; };
    auto const any = [](auto const& list, auto const& test) {
        return std::any_of(std::begin(list), std::end(list), test);
    };
    auto const [rom, vars] = bhyve_firmware(parts);
    return comma(rom) || comma(vars) ||
           any(definition.disks, [&](Disk const& disk) { return comma(disk.path.path); }) ||
           any(definition.isos, [&](Iso const& iso) { return comma(iso.path.path); }) ||
           any(definition.shares, [&](Share const& share) { return comma(share.name) || comma(share.path.path); }) ||
           any(definition.sounds, [&](Sound const& sound) { return comma(sound.play) || comma(sound.record); }) ||
           any(definition.com, [&](ComPort const& port) { return comma(port.text) || comma(port.device.path); }) ||
           (definition.graphics.path && comma(definition.graphics.path->path)) ||
           comma(definition.virt_console.path_template.value_or("")) ||
           (definition.virt_console.ports > 0 && comma(definition.name)) ||
           (definition.tpm && comma(definition.tpm->device));
}

}  // namespace

auto config_line(std::string_view key, std::string_view value) -> std::string {
    std::string line{key};
    line += '=';
    for (char const letter : value) {
        line += letter;
        if (letter == '%') {
            line += '%';  // bhyve_config(5): %(name) is expanded, %% is a percent sign
        }
    }
    line += '\n';
    return line;
}

auto bhyve_command(BhyveParts const& parts) -> std::variant<BhyveCommand, std::string> {
    if (parts.definition.bhyve_base) {
        FdTable fds;
        BhyveCommand command;
        command.argv = {parts.bhyve};
        command.name = parts.definition.name;
        command.file = bhyve_with_base(parts, fds);
        command.fds = fds.take();
        return command;
    }
    Contributed const contributed{parts.contributions};
    auto const devices = device_model(parts.definition, contributed, parts.numbering);
    if (!devices) {
        auto const fault = capacity_fault(parts.definition);
        return fault ? fault->text : "too many devices";
    }
    for (auto const& device : *devices) {
        auto const* nic = std::get_if<NicDevice>(&device.kind);
        if (nic && bhyve_nic(parts, *nic, device.index).empty()) {
            return "no step made the interface for network card " + std::to_string(device.index) +
                   "; load a network plugin";
        }
    }
    FdTable fds;
    BhyveCommand command;
    command.name = parts.definition.name;
    if (needs_file(parts)) {
        command.argv = {parts.bhyve};
        command.file = bhyve_config(parts, *devices, fds);
    } else {
        command.argv = bhyve_arguments(parts, *devices, fds);
    }
    auto const* screen = find_framebuffer(*devices);
    if (screen && parts.definition.graphics.password) {
        auto const& address = screen->address;
        auto const key = "pci." + std::to_string(address.bus) + "." + std::to_string(address.slot) + "." +
                         std::to_string(address.function) + ".password";
        command.file += config_line(key, *parts.definition.graphics.password);
    }
    command.fds = fds.take();
    return command;
}

auto complete(BhyveCommand const& command, std::string_view file_name) -> std::vector<std::string> {
    auto argv = command.argv;
    if (!command.file.empty()) {
        argv.emplace_back("-k");
        argv.emplace_back(file_name);
    }
    argv.push_back(command.name);
    return argv;
}

auto bhyve_firmware(BhyveParts const& parts) -> std::pair<std::string, std::string> {
    if (auto const& own = parts.definition.bootrom) {
        auto const comma = own->find(',');
        return {own->substr(0, comma), comma == std::string::npos ? std::string{} : own->substr(comma + 1)};
    }
    Contributed const contributed{parts.contributions};
    auto const* vars = contributed.find("file", "vars");
    return {parts.bootrom, vars ? vars->value : std::string{}};
}

auto bhyve_file(HostFile const& file, FdTable& fds) -> std::string {
    return file.fd ? "/dev/fd/" + std::to_string(fds.add(file.fd)) : file.path;
}

auto bhyve_com(BhyveParts const& parts, unsigned port, FdTable& fds) -> std::string {
    auto const& setting = parts.definition.com[port];
    switch (setting.kind) {
        case ComPort::Kind::automatic:
            return console_port(parts.definition) == port ? parts.console : std::string{};
        case ComPort::Kind::device: {
            Contributed const contributed{parts.contributions};
            return bhyve_file(contributed.file("com" + std::to_string(port + 1), setting.device.path), fds);
        }
        case ComPort::Kind::tcp:
            return setting.text;
        case ComPort::Kind::absent:
        case ComPort::Kind::stdio:
            break;
    }
    return {};
}

auto bhyve_nic(BhyveParts const& parts, NicDevice const& nic, unsigned index) -> std::string {
    if (!nic.tap.empty()) {
        return nic.tap;
    }
    if (nic.nic.attach == Nic::Attach::vale) {
        return nic.nic.bridge + ":vm" + std::to_string(parts.id) + "p" + std::to_string(index);
    }
    return {};
}

auto bhyve_screen(Graphics const& graphics) -> std::pair<std::string, std::string> {
    if (graphics.path) {
        return {"rfb", "unix:" + graphics.path->path};
    }
    bool const bare_v6 = graphics.listen.find(':') != std::string::npos && !graphics.listen.starts_with('[');
    return {"tcp", (bare_v6 ? "[" + graphics.listen + "]" : graphics.listen) + ":" + std::to_string(graphics.port)};
}

}  // namespace apiary::hypervisor
