// Disks, images, shares and network cards: texts with prefixes before the thing itself.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "config/characters.hpp"
#include "config/fields.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

// Takes `prefix:` off the front of `text`, for as long as `take(prefix)` knows it. Prefixes end before the first slash:
// what follows is the path, colons and all.
template <typename Take>
auto strip_prefixes(std::string_view text, Take take) -> std::string_view {
    while (true) {
        auto const colon = text.find_first_of(":/");
        if (colon == std::string_view::npos || text[colon] == '/' || !take(text.substr(0, colon))) {
            return text;
        }
        text.remove_prefix(colon + 1);
    }
}

template <typename Flag, std::size_t N>
auto take_flag(std::array<std::pair<std::string_view, Flag*>, N> const& flags, std::string_view word, Flag value)
    -> bool {
    auto const found = std::find_if(flags.begin(), flags.end(), [&](auto const& flag) { return flag.first == word; });
    if (found == flags.end()) {
        return false;
    }
    *found->second = value;
    return true;
}

auto image_fault(Assignment& a, std::string_view path) -> ValueFault {
    if (path.find('/') == std::string_view::npos) {
        return "a path with '/' is needed, after the type and flags with a ':' each";
    }
    auto fault = path_fault(a, path);
    if (auto const colon = path.find_first_of(":/"); !fault && path[colon] == ':') {
        a.warning = quoted_text(path.substr(0, colon + 1)) + " is no type or flag: taken as part of the path";
    }
    return fault;
}

}  // namespace

auto set_disk(Draft& draft, Assignment& a) -> ValueFault {
    Disk disk;
    std::array<std::pair<std::string_view, bool*>, 5> const flags{{{"nocache", &disk.nocache},
                                                                   {"direct", &disk.direct},
                                                                   {"readonly", &disk.readonly},
                                                                   {"nodelete", &disk.nodelete},
                                                                   {"noexist", &disk.noexist}}};
    std::string_view const path = strip_prefixes(a.text, [&](std::string_view word) {
        if (word == "ahci" || word == "ahci-hd") {
            disk.type = DiskType::ahci_hd;
        } else if (word == "virtio-blk") {
            disk.type = DiskType::virtio_blk;
        } else if (word == "nvme") {
            disk.type = DiskType::nvme;
        } else {
            return take_flag(flags, word, true);
        }
        return true;
    });
    if (auto fault = image_fault(a, path)) {
        return fault;
    }
    disk.path = a.host_path(path);
    draft.vm.disks.push_back(std::move(disk));
    return std::nullopt;
}

auto set_iso(Draft& draft, Assignment& a) -> ValueFault {
    Iso iso;
    std::string_view const path = strip_prefixes(a.text, [&](std::string_view word) {
        iso.noexist = iso.noexist || word == "noexist";
        return word == "noexist" || word == "ahci-cd";
    });
    if (auto fault = image_fault(a, path)) {
        return fault;
    }
    iso.path = a.host_path(path);
    draft.vm.isos.push_back(std::move(iso));
    return std::nullopt;
}

auto set_sharefs(Draft& draft, Assignment& a) -> ValueFault {
    constexpr std::string_view flag = "readonly:";
    Share share;
    std::string_view text = a.text;
    if (text.starts_with(flag)) {
        share.readonly = true;
        text.remove_prefix(flag.size());
    }
    auto const equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        return "\"[readonly:]NAME=PATH\" is needed, with the quotes";
    }
    std::string_view const path = text.substr(equals + 1);
    if (auto fault = path_fault(a, path)) {
        return fault;
    }
    share.name = text.substr(0, equals);
    share.path = a.host_path(path);
    draft.vm.shares.push_back(std::move(share));
    return std::nullopt;
}

auto parse_mac(std::string_view text) -> std::optional<std::string> {
    constexpr std::string_view digits = "0123456789abcdef";
    auto const parts = split(text, ':');
    if (parts.size() != 6) {
        return std::nullopt;
    }
    std::string mac;
    for (std::string_view const part : parts) {
        if (part.empty() || part.size() > 2) {
            return std::nullopt;
        }
        int value = 0;
        for (char const c : part) {
            int const digit = hex_value(c);
            if (digit < 0) {
                return std::nullopt;
            }
            value = value * 16 + digit;
        }
        mac += mac.empty() ? "" : ":";
        mac += digits[static_cast<std::size_t>(value) / 16];
        mac += digits[static_cast<std::size_t>(value) % 16];
    }
    return mac;
}

namespace {

auto mac_fault(std::string_view text, Nic& nic) -> ValueFault {
    nic.mac = parse_mac(text);
    if (!nic.mac) {
        return quoted_text(text) + " is no MAC address: six hexadecimal numbers with ':' between them are needed";
    }
    if ((hex_value(nic.mac->at(1)) & 1) != 0) {
        return "a multicast MAC address cannot be the card's own";
    }
    if (*nic.mac == "00:00:00:00:00:00") {
        return "the MAC address cannot be all zero";
    }
    return std::nullopt;
}

// [e1000:|virtio-net:][wol:][[MAC]:] in any order; what is left is the bridge.
auto strip_nic_prefixes(std::string_view& text, Nic& nic) -> ValueFault {
    while (true) {
        if (text.starts_with('[')) {
            auto const end = text.find(']');
            if (end == std::string_view::npos || !text.substr(end + 1).starts_with(':')) {
                return "']:' is needed after the MAC address";
            }
            if (auto fault = mac_fault(text.substr(1, end - 1), nic)) {
                return fault;
            }
            text.remove_prefix(end + 2);
            continue;
        }
        auto const colon = text.find(':');
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        std::string_view const word = text.substr(0, colon);
        if (word == "e1000") {
            nic.type = NicType::e1000;
        } else if (word == "virtio-net") {
            nic.type = NicType::virtio_net;
        } else if (word == "wol") {
            nic.wol = true;
        } else {
            return quoted_text(word) + " is none of e1000, virtio-net and wol" +
                   did_you_mean(word, {"e1000", "virtio-net", "wol"});
        }
        text.remove_prefix(colon + 1);
    }
}

}  // namespace

auto set_network(Draft& draft, Assignment& a) -> ValueFault {
    Nic nic;
    std::string_view bridge = a.text;
    if (auto fault = strip_nic_prefixes(bridge, nic)) {
        return fault;
    }
    bool const odd = std::any_of(bridge.begin(), bridge.end(),
                                 [](char c) { return c <= ' ' || c > '~' || c == '/' || c == ',' || c == ']'; });
    if (bridge.empty() || odd) {
        return "[e1000:|virtio-net:][wol:][[MAC]:]BRIDGE is needed; BRIDGE may also be none, or user";
    }
    if (bridge == "user") {
        nic.attach = Nic::Attach::user;
    } else if (bridge == "none") {
        nic.attach = Nic::Attach::unattached;
    } else {
        if (!a.trusted()) {
            return "this bridge was not granted to the owner of the file; only user and none are allowed";
        }
        nic.attach = bridge.starts_with("vale") ? Nic::Attach::vale : Nic::Attach::bridge;
        nic.bridge = bridge;
    }
    if (nic.wol && nic.bridge.empty()) {
        return "wake-on-LAN needs a bridge";
    }
    draft.vm.nics.push_back(std::move(nic));
    return std::nullopt;
}

}  // namespace apiary::config
