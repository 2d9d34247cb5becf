// Definition -> bhyve(8): its arguments, or a bhyve_config(5) file.
//
// Arguments are what people know from ps(1) and from bmd, so they are what is used. A file is used for what arguments
// cannot hold: secrets (ps shows arguments to everybody), and values with a comma, which bhyve's option syntax cannot
// express.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hypervisor/arguments.hpp"
#include "hypervisor/device_model.hpp"

namespace apiary::hypervisor {

struct BhyveParts {
    Definition const& definition;
    std::vector<Contribution> const& contributions;
    unsigned id = 0;  // the VM's number: names its ports on a vale switch
    Numbering numbering = Numbering::stable;
    std::string bhyve;    // absolute path of the executable
    std::string bootrom;  // firmware of `loader = uefi`; its variables are contributed as file "vars". The definition's
                          // own wins
    std::string console;  // device of the port that is `auto`; empty: no port is
    bool acpi_flag = true;
};

// The whole of it. Where bhyve takes a configuration file, its name comes in as "-k" and is filled in by the caller.
struct BhyveCommand {
    std::vector<std::string> argv;  // without the name of the VM and without -k
    std::string name;
    std::string file;  // text of the file for -k; empty: none is needed
    std::vector<ChildFd> fds;
};

// Or why it cannot be written, for the user.
[[nodiscard]] auto bhyve_command(BhyveParts const& parts) -> std::variant<BhyveCommand, std::string>;

// argv with the file in its place: behind the devices (bhyve(8): options are taken in their order, and -s refuses a
// slot that has settings already), before the name.
[[nodiscard]] auto complete(BhyveCommand const& command, std::string_view file_name) -> std::vector<std::string>;

// The two spellings. The device texts of both come from the same model.
[[nodiscard]] auto bhyve_arguments(BhyveParts const& parts, std::vector<Device> const& devices, FdTable& fds)
    -> std::vector<std::string>;
[[nodiscard]] auto bhyve_config(BhyveParts const& parts, std::vector<Device> const& devices, FdTable& fds)
    -> std::string;

// The file of a VM with a base file: bhyve_base.cpp. Its devices are those of that file.
[[nodiscard]] auto bhyve_with_base(BhyveParts const& parts, FdTable& fds) -> std::string;

// "key=value" with what bhyve_config(5) would expand made harmless.
[[nodiscard]] auto config_line(std::string_view key, std::string_view value) -> std::string;

// The firmware of a VM that boots with UEFI, and the file of its variables (empty: none).
[[nodiscard]] auto bhyve_firmware(BhyveParts const& parts) -> std::pair<std::string, std::string>;

// Where bhyve opens a file that may be an inherited descriptor.
[[nodiscard]] auto bhyve_file(HostFile const& file, FdTable& fds) -> std::string;

// What a serial port is connected to; empty: nothing.
[[nodiscard]] auto bhyve_com(BhyveParts const& parts, unsigned port, FdTable& fds) -> std::string;

// The back end of a network card: tapN, or a port of a vale switch.
[[nodiscard]] auto bhyve_nic(BhyveParts const& parts, NicDevice const& nic, unsigned index) -> std::string;

// Where the screen listens: "tcp=IP:PORT" or "unix:PATH" after bhyve(8).
[[nodiscard]] auto bhyve_screen(Graphics const& graphics) -> std::pair<std::string, std::string>;

}  // namespace apiary::hypervisor
