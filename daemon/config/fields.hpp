// How values of keys get into a definition, for keys that are more than a number or a word. One function for each.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/draft.hpp"
#include "config/keys.hpp"

namespace apiary::config {

using Setter = ValueFault (*)(Draft&, Assignment&);

// fields.cpp: the VM itself
auto set_name(Draft& draft, Assignment& a) -> ValueFault;
auto set_owner(Draft& draft, Assignment& a) -> ValueFault;
auto set_memory(Draft& draft, Assignment& a) -> ValueFault;
auto set_ncpu(Draft& draft, Assignment& a) -> ValueFault;
auto set_cpu_pin(Draft& draft, Assignment& a) -> ValueFault;
auto set_boot(Draft& draft, Assignment& a) -> ValueFault;
auto set_after(Draft& draft, Assignment& a) -> ValueFault;
auto set_com(Draft& draft, Assignment& a, unsigned port) -> ValueFault;
auto set_passthru(Draft& draft, Assignment& a) -> ValueFault;
auto set_tpm(Draft& draft, Assignment& a) -> ValueFault;
auto set_hda(Draft& draft, Assignment& a) -> ValueFault;
auto set_debug_port(Draft& draft, Assignment& a) -> ValueFault;
auto environment_fault(Assignment const& a) -> ValueFault;
auto loader_script_fault(Assignment const& a) -> ValueFault;  // loadcmd, installcmd
auto set_virt_console_template(Draft& draft, Assignment& a) -> ValueFault;

// fields_storage.cpp: disks, network, shares
auto set_disk(Draft& draft, Assignment& a) -> ValueFault;
auto set_iso(Draft& draft, Assignment& a) -> ValueFault;
auto set_network(Draft& draft, Assignment& a) -> ValueFault;
auto set_sharefs(Draft& draft, Assignment& a) -> ValueFault;

// fields_graphics.cpp
auto set_graphics(Draft& draft, Assignment& a) -> ValueFault;
auto set_graphics_listen(Draft& draft, Assignment& a) -> ValueFault;
auto set_graphics_port(Draft& draft, Assignment& a) -> ValueFault;
auto set_graphics_path(Draft& draft, Assignment& a) -> ValueFault;
auto set_graphics_password(Draft& draft, Assignment& a) -> ValueFault;
auto set_graphics_res(Draft& draft, Assignment& a) -> ValueFault;
auto set_graphics_vga(Draft& draft, Assignment& a) -> ValueFault;
auto set_keymap(Draft& draft, Assignment& a) -> ValueFault;

// As bhyve(8) -m reads it: K, M, G, T in either case; without one of them, megabytes up to 1048575, bytes above.
[[nodiscard]] auto parse_memory(std::string_view text) -> std::optional<std::uint64_t>;
// Six hexadecimal numbers; lower case, two digits each. Nothing: it is none.
[[nodiscard]] auto parse_mac(std::string_view text) -> std::optional<std::string>;

}  // namespace apiary::config
