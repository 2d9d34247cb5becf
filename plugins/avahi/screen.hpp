// Whether others can reach a VM's screen, and over what.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace apiary::avahi {

// As the settings say (apiary.conf(5)).
struct Screen {
    std::string listen;      // graphics_listen
    std::uint16_t port = 0;  // graphics_port
    std::string path;        // graphics_path; empty: it has an address and a port
};

enum class Family { any, ipv4, ipv6 };

// Where it is to be announced.
struct Reach {
    Family family = Family::any;
    std::string address;  // that it listens on, as numbers; empty: on all
    std::uint16_t port = 0;
    auto operator==(Reach const&) const -> bool = default;
};

// The address of a host's name, as numbers; nothing: it has none. May block.
using Resolve = std::function<std::optional<std::string>(std::string const& name)>;

// A text: why nobody but this host can reach it, as the end of "its screen is not published: ".
[[nodiscard]] auto reach_of(Screen const& screen, Resolve const& resolve) -> std::variant<Reach, std::string>;

// By the system's resolver.
[[nodiscard]] auto resolve_by_system(std::string const& name) -> std::optional<std::string>;
// The index of the network interface that has this address; nothing: none has it.
[[nodiscard]] auto interface_of(std::string const& address) -> std::optional<unsigned>;

}  // namespace apiary::avahi
