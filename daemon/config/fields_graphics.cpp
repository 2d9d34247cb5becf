// The screen: setting any part of it turns it on, unless `graphics` itself was said.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <string>

#include "config/characters.hpp"
#include "config/fields.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

void imply_graphics(Draft& draft, Assignment const& a) {
    draft.graphics_implied = true;
    draft.graphics_wished = draft.graphics_wished || !a.trusted();
}

// A text of which only an address can be made, and none can. inet_aton() takes what the hypervisors' getaddrinfo()
// does.
auto is_broken_address(std::string_view text) -> bool {
    if (text.starts_with('[') && text.ends_with(']')) {
        text = text.substr(1, text.size() - 2);
    }
    if (text.find(':') != std::string_view::npos) {
        in6_addr v6{};
        std::string const address{text.substr(0, text.find('%'))};  // what follows is an interface
        return ::inet_pton(AF_INET6, address.c_str(), &v6) != 1;
    }
    in_addr v4{};
    return text.find_first_not_of("0123456789.") == std::string_view::npos &&
           ::inet_aton(std::string{text}.c_str(), &v4) == 0;
}

}  // namespace

auto set_graphics(Draft& draft, Assignment& a) -> ValueFault {
    draft.graphics_set = true;
    draft.vm.graphics.on = a.flag;
    draft.graphics_wished = draft.graphics_wished || !a.trusted();
    return std::nullopt;
}

auto set_graphics_listen(Draft& draft, Assignment& a) -> ValueFault {
    if (a.text.empty()) {
        return "an address is needed, such as 127.0.0.1";
    }
    if (!a.trusted() && a.text != "127.0.0.1" && a.text != "::1") {
        return "in a file that does not belong to root, only 127.0.0.1 and ::1 are allowed";
    }
    if (is_broken_address(a.text)) {
        return "this is no IP address; one is such as 127.0.0.1 or ::1";
    }
    draft.vm.graphics.listen = a.text;
    draft.listen_set = true;
    imply_graphics(draft, a);
    return std::nullopt;
}

auto set_graphics_port(Draft& draft, Assignment& a) -> ValueFault {
    constexpr std::int64_t first_free_port = 1024;
    if (!a.trusted() && a.number < first_free_port) {
        return "in a file that does not belong to root, ports from 1024 on are allowed";
    }
    draft.vm.graphics.port = static_cast<std::uint16_t>(a.number);
    imply_graphics(draft, a);
    return std::nullopt;
}

auto set_graphics_path(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.graphics.path = a.host_path(a.text);
    imply_graphics(draft, a);
    return std::nullopt;
}

auto set_graphics_password(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.graphics.password = a.text;
    imply_graphics(draft, a);
    return std::nullopt;
}

auto set_graphics_res(Draft& draft, Assignment& a) -> ValueFault {
    constexpr std::uint64_t most = std::numeric_limits<std::uint16_t>::max();
    auto const parts = split(a.text, 'x');
    auto const width = parse_unsigned(parts.front()), height = parse_unsigned(parts.back());
    if (parts.size() != 2 || !width || !height || *width == 0 || *height == 0 || *width > most || *height > most) {
        return "WIDTHxHEIGHT is needed, such as 1280x720";
    }
    draft.vm.graphics.width = static_cast<unsigned>(*width);
    draft.vm.graphics.height = static_cast<unsigned>(*height);
    imply_graphics(draft, a);
    return std::nullopt;
}

auto set_graphics_vga(Draft& draft, Assignment& a) -> ValueFault {
    if (!a.trusted() && a.text != "io" && a.text != "on" && a.text != "off") {
        return "io, on or off is needed";
    }
    draft.vm.graphics.vga = a.text;
    imply_graphics(draft, a);
    return std::nullopt;
}

// A hypervisor looks for a file of this name.
auto set_keymap(Draft& draft, Assignment& a) -> ValueFault {
    bool const plain =
        std::all_of(a.text.begin(), a.text.end(), [](char c) { return is_name_character(c) || c == '-'; });
    if (!a.trusted() && (!plain || a.text.empty())) {
        return "the name of a keyboard layout is needed, such as en-us";
    }
    draft.vm.graphics.keymap = a.text;
    return std::nullopt;
}

}  // namespace apiary::config
