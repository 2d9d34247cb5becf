// What the backends' lists of faults share. Part of qemu_faults.cpp and bhyve_faults.cpp.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "hypervisor/device_model.hpp"
#include "vm/hypervisor.hpp"

namespace apiary::hypervisor {

class FaultList {
public:
    explicit FaultList(Definition const& definition) : definition_{definition} {
        if (auto fault = capacity_fault(definition)) {
            add(fault->key, fault->text);
        }
        check_ports();
        check_lines();
    }

    void add(std::string_view key, std::string text) {
        faults_.push_back({.key = std::string{key}, .text = std::move(text)});
    }
    void add_if(bool condition, std::string_view key, std::string_view text) {
        if (condition) {
            add(key, std::string{text});
        }
    }
    [[nodiscard]] auto take() -> std::vector<Hypervisor::Fault> { return std::move(faults_); }

private:
    void check_ports() {
        auto const console = console_port(definition_);
        for (unsigned port = 0; port < 4; ++port) {
            auto const key = "com" + std::to_string(port + 1);
            auto const kind = definition_.com[port].kind;
            add_if(kind == ComPort::Kind::stdio, key,
                   "`stdio` would be the daemon's own terminal; use `auto`, a device, or tcp=ADDRESS:PORT");
            if (kind == ComPort::Kind::automatic && console != port) {
                add(key, "com" + std::to_string(*console + 1) + " is the console already, and a VM has one; give " +
                             key + " a device or tcp=ADDRESS:PORT");
            }
        }
    }

    // A line end inside a value could become a setting of its own on its way to a hypervisor.
    void check_lines() {
        auto const broken = [](std::string_view text) {
            return std::any_of(text.begin(), text.end(), [](char letter) { return letter == '\n' || letter == '\0'; });
        };
        auto const check = [&](std::string_view key, std::string_view text) {
            add_if(broken(text), key, "a line end is not possible here");
        };
        for (auto const& disk : definition_.disks) {
            check("disk", disk.path.path);
        }
        for (auto const& iso : definition_.isos) {
            check("iso", iso.path.path);
        }
        for (auto const& share : definition_.shares) {
            check("sharefs", share.name + share.path.path);
        }
        for (auto const& nic : definition_.nics) {
            check("network", nic.bridge);
        }
        for (auto const& port : definition_.com) {
            check("com1", port.text + port.device.path);
        }
        auto const& graphics = definition_.graphics;
        check("graphics_password", graphics.password.value_or(""));
        check("graphics_listen", graphics.listen);
        check("graphics_vga", graphics.vga);
        check("graphics_path", graphics.path ? graphics.path->path : std::string{});
        check("keymap", graphics.keymap.value_or(""));
        check("virt_console_template", definition_.virt_console.path_template.value_or(""));
        check("cmdline", definition_.cmdline);
        check("debug_port", definition_.debug_port.value_or(""));
    }

    Definition const& definition_;
    std::vector<Hypervisor::Fault> faults_;
};

}  // namespace apiary::hypervisor
