// Values of keys about the VM itself, its processors, ports and devices.
#include "config/fields.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "config/characters.hpp"
#include "config/text.hpp"

namespace apiary::config {

auto set_name(Draft& draft, Assignment& a) -> ValueFault {
    if (auto fault = name_fault(a.text)) {
        return fault;
    }
    draft.vm.name = a.text;
    return std::nullopt;
}

namespace {

// Root's files give a VM to anybody, once. All others can only name a group of their own.
auto owner_fault(Draft const& draft, Assignment const& a, User const& user, std::optional<Group> const& group)
    -> ValueFault {
    if (draft.vm.owner == a.trusted_uid && a.trusted()) {
        return std::nullopt;
    }
    if (user.uid != draft.vm.owner || (!a.trusted() && a.from.owner != draft.vm.owner)) {
        return "changing owner is not allowed";
    }
    if (group && !a.accounts.is_member(user, group->gid)) {
        return user.name + " is not in group " + group->name;
    }
    return std::nullopt;
}

}  // namespace

auto set_owner(Draft& draft, Assignment& a) -> ValueFault {
    auto const parts = split(a.text, ':');
    if (parts.size() > 2 || parts.front().empty() || parts.back().empty()) {
        return "USER or USER:GROUP is needed";
    }
    auto const user = a.accounts.user(std::string{parts[0]});
    if (!user) {
        return "there is no user " + quoted_text(parts[0]);
    }
    std::optional<Group> group;
    if (parts.size() == 2) {
        group = a.accounts.group(std::string{parts[1]});
        if (!group) {
            return "there is no group " + quoted_text(parts[1]);
        }
    }
    if (auto fault = owner_fault(draft, a, *user, group)) {
        return fault;
    }
    draft.vm.owner = user->uid;
    draft.vm.owner_name = user->name;
    draft.vm.group = group ? std::optional{group->gid} : std::nullopt;
    draft.vm.group_name = group ? group->name : std::string{};
    return std::nullopt;
}

auto parse_memory(std::string_view text) -> std::optional<std::uint64_t> {
    constexpr std::uint64_t kilo = 1024, mega = kilo * kilo, most = std::numeric_limits<std::int64_t>::max();
    constexpr std::string_view units = "KMGT";
    std::uint64_t unit = 1;
    bool suffixed = false;
    if (!text.empty() && !is_digit(text.back())) {
        char const letter = text.back();
        auto const power = units.find(letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter);
        if (power == std::string_view::npos) {
            return std::nullopt;
        }
        for (std::size_t i = 0; i <= power; ++i) {
            unit *= kilo;
        }
        suffixed = true;
        text.remove_suffix(1);
    }
    auto const number = parse_unsigned(text);
    if (!number || *number == 0) {
        return std::nullopt;
    }
    if (!suffixed && *number < mega) {
        unit = mega;
    }
    return *number <= most / unit ? std::optional{*number * unit} : std::nullopt;
}

auto set_memory(Draft& draft, Assignment& a) -> ValueFault {
    auto const bytes = parse_memory(a.text);
    if (!bytes) {
        return "a whole number above 0 with K, M, G or T is needed, such as 512M or 4G";
    }
    draft.vm.memory_bytes = *bytes;
    draft.vm.memory_text = a.text;
    draft.memory_set = true;
    return std::nullopt;
}

auto set_ncpu(Draft& draft, Assignment& a) -> ValueFault {
    constexpr std::uint64_t most = 4096;
    auto const parts = split(a.text, ':');
    std::uint64_t numbers[3] = {1, 1, 1};
    for (std::size_t i = 0; i < parts.size() && i < 3; ++i) {
        auto const number = parse_unsigned(parts[i]);
        if (!number || *number == 0 || *number > most) {
            return "SOCKETS[:CORES[:THREADS]] is needed, each a whole number above 0";
        }
        numbers[i] = *number;
    }
    if (numbers[0] * numbers[1] * numbers[2] > most) {
        return "more than " + std::to_string(most) + " processors";
    }
    if (parts.size() > 3) {
        a.warning = "what follows SOCKETS:CORES:THREADS is ignored";
    }
    draft.vm.cpus.sockets = static_cast<unsigned>(numbers[0]);
    draft.vm.cpus.cores = static_cast<unsigned>(numbers[1]);
    draft.vm.cpus.threads = static_cast<unsigned>(numbers[2]);
    return std::nullopt;
}

auto set_cpu_pin(Draft& draft, Assignment& a) -> ValueFault {
    auto const parts = split(a.text, ':');
    auto const vcpu = parse_unsigned(parts.front()), host = parse_unsigned(parts.back());
    constexpr std::uint64_t most = std::numeric_limits<int>::max();
    if (parts.size() != 2 || !vcpu || !host || *vcpu > most || *host > most) {
        return "VCPU:HOSTCPU is needed, two numbers from 0";
    }
    draft.vm.cpus.pins.push_back({static_cast<unsigned>(*vcpu), static_cast<unsigned>(*host)});
    return std::nullopt;
}

// For bmd every unknown word means no, without an error.
// Who that is, and whether there is one, is seen when all VMs were read.
auto set_after(Draft& draft, Assignment& a) -> ValueFault {
    if (auto fault = name_fault(a.text)) {
        return fault;
    }
    draft.vm.after.emplace_back(a.text);
    draft.after_trusted.push_back(a.trusted());
    return std::nullopt;
}

auto set_boot(Draft& draft, Assignment& a) -> ValueFault {
    std::string const word = lower(a.text);
    if (word == "yes" || word == "true") {
        draft.vm.boot = BootPolicy::yes;
    } else if (word == "oneshot") {
        draft.vm.boot = BootPolicy::oneshot;
    } else if (word == "always") {
        draft.vm.boot = BootPolicy::always;
    } else {
        draft.vm.boot = BootPolicy::no;
        if (word != "no" && word != "false") {
            a.warning = quoted_text(a.text) + " is none of yes, no, oneshot and always: taken as no";
        }
    }
    return std::nullopt;
}

namespace {

constexpr std::uint64_t last_port = 65535;

auto is_port(std::string_view text) -> bool {
    auto const number = parse_unsigned(text);
    return number && *number > 0 && *number <= last_port;
}

// A device has a folder: what has none is a word, and there are few that could be meant.
auto guess_of_com(std::string_view text) -> std::string {
    if (text.find('/') != std::string_view::npos) {
        return {};
    }
    for (std::string_view const word : {"yes", "true", "on", "1"}) {
        if (equal_fold(text, word)) {
            return "; did you mean 'auto'?";
        }
    }
    return did_you_mean(text, {"auto", "stdio"});
}

}  // namespace

// The words are compared as bmd does: without case.
auto set_com(Draft& draft, Assignment& a, unsigned port) -> ValueFault {
    constexpr std::string_view tcp = "tcp=";
    ComPort com;
    com.text = a.text;
    if (a.text.empty()) {
        return "auto, a device or \"tcp=ADDRESS:PORT\" is needed";
    }
    if (equal_fold(a.text, "auto")) {
        com.kind = ComPort::Kind::automatic;
        com.text = "auto";
    } else if (!a.trusted()) {
        return "in a file that does not belong to root, only auto is allowed";
    } else if (equal_fold(a.text, "stdio")) {
        com.kind = ComPort::Kind::stdio;
        com.text = "stdio";
    } else if (a.text.starts_with(tcp)) {
        com.kind = ComPort::Kind::tcp;
        auto const colon = a.text.rfind(':');
        if (colon == std::string_view::npos || !is_port(a.text.substr(colon + 1))) {
            return "\"tcp=ADDRESS:PORT\" is needed, with a port from 1 to " + std::to_string(last_port);
        }
    } else {
        com.kind = ComPort::Kind::device;
        com.device = a.host_path(a.text);
        if (auto fault = path_fault(a, a.text)) {
            return fault;
        }
        a.warning += guess_of_com(a.text);
    }
    draft.vm.com[port] = std::move(com);
    return std::nullopt;
}

namespace {

auto is_number(std::string_view text) -> bool {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// A hypervisor that is given more than there is takes the number apart into bits, and hands over another device.
// Devices with ARI have up to 256 functions and no slots: FreeBSD, and so bmd's configurations, call them slot 0.
auto pci_fault(std::vector<std::string_view> const& parts) -> ValueFault {
    constexpr std::uint64_t most_bus = 255, most_slot = 31, most_function = 7, most_function_of_ari = 255;
    auto const bus = parse_unsigned(parts[0]), slot = parse_unsigned(parts[1]), function = parse_unsigned(parts[2]);
    bool const there = bus && slot && function && *bus <= most_bus && *slot <= most_slot &&
                       *function <= (*slot == 0 ? most_function_of_ari : most_function);
    return there ? std::nullopt
                 : ValueFault{
                       "there is no such PCI device: a bus is 0 to 255, a slot 0 to 31, a function 0 to 7 (of "
                       "slot 0 to 255, as FreeBSD counts where a device has ARI)"};
}

}  // namespace

auto set_passthru(Draft& draft, Assignment& a) -> ValueFault {
    constexpr std::string_view named = "ppt";
    auto const parts = split(a.text, '/');
    bool const address = parts.size() == 3 && std::all_of(parts.begin(), parts.end(), is_number);
    bool const device = a.text.starts_with(named) && is_number(a.text.substr(named.size()));
    if (!address && !device) {
        return "BUS/SLOT/FUNCTION or pptN is needed";
    }
    if (address) {
        if (auto fault = pci_fault(parts)) {
            return fault;
        }
    }
    draft.vm.passthru.emplace_back(a.text);
    return std::nullopt;
}

auto set_tpm(Draft& draft, Assignment& a) -> ValueFault {
    constexpr auto wanted = "[passthru:|swtpm:]DEVICE[:VERSION] is needed";
    auto parts = split(a.text, ':');
    Tpm tpm;
    if (parts.size() > 1 && (parts[0] == "passthru" || parts[0] == "swtpm")) {
        tpm.type = parts[0];
        parts.erase(parts.begin());
    }
    if (parts.size() > 2 || parts[0].find('/') == std::string_view::npos) {
        return wanted;
    }
    tpm.device = parts[0];
    if (parts.size() == 2) {
        tpm.version = parts[1];
        if (tpm.version.find_first_not_of("0123456789.") != std::string::npos) {
            return wanted;
        }
    }
    draft.vm.tpm = std::move(tpm);
    return std::nullopt;
}

auto set_hda(Draft& draft, Assignment& a) -> ValueFault {
    auto const parts = split(a.text, ':');
    if (parts.size() > 2 || parts.front().empty()) {
        return "PLAY_DEVICE[:RECORD_DEVICE] is needed";
    }
    draft.vm.sounds.push_back({std::string{parts[0]}, parts.size() == 2 ? std::string{parts[1]} : std::string{}});
    return std::nullopt;
}

auto environment_fault(Assignment const& a) -> ValueFault {
    auto const equals = a.text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return "\"NAME=VALUE\" is needed, with the quotes";
    }
    return std::nullopt;
}

// The boot loader of grub runs outside of the guest and can read the host's files.
auto loader_script_fault(Assignment const& a) -> ValueFault {
    if (!a.trusted() && a.text != "auto") {
        return "in a file that does not belong to root, only auto is allowed";
    }
    return std::nullopt;
}

// As bhyve(8) -G reads it, and passed on so: [w][ADDRESS:]PORT. What a backend makes of the rest is its own.
auto set_debug_port(Draft& draft, Assignment& a) -> ValueFault {
    std::string_view port = a.text.substr(a.text.starts_with('w') ? 1 : 0);
    if (auto const colon = port.rfind(':'); colon != std::string_view::npos) {
        port.remove_prefix(colon + 1);
    }
    if (is_number(port) && !is_port(port)) {
        return "a port is a number from 1 to " + std::to_string(last_port);
    }
    draft.vm.debug_port = std::string{a.text};
    return std::nullopt;
}

auto set_virt_console_template(Draft& draft, Assignment& a) -> ValueFault {
    std::string text{a.text};
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
    if (text.empty()) {
        return "PORT[=SOCKET] is needed";
    }
    if (text.find('=') == std::string::npos) {
        text += "=/var/run/vc-" + draft.vm.name + "%n.sock";
    }
    draft.vm.virt_console.path_template = std::move(text);
    return std::nullopt;
}

}  // namespace apiary::config
