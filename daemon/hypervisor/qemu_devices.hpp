// The devices of the model, as QEMU's -device, -drive, -netdev and so on. Part of qemu_command.
#pragma once

#include "hypervisor/arguments.hpp"
#include "hypervisor/qemu_command.hpp"

namespace apiary::hypervisor {

// Appends to `argv`; the text says what is missing.
[[nodiscard]] auto add_qemu_devices(QemuParts const& parts, std::vector<std::string>& argv, FdTable& fds)
    -> std::optional<std::string>;

// How a file that may be an inherited descriptor is named in an option.
[[nodiscard]] auto qemu_file(HostFile const& file, std::string_view name, std::vector<std::string>& argv, FdTable& fds)
    -> std::string;

}  // namespace apiary::hypervisor
