#include "plugins/avahi/screen.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>

namespace apiary::avahi {
namespace {

// An address of either family, as numbers.
struct Address {
    Family family = Family::any;
    std::array<unsigned char, 16> bytes{};
    auto operator==(Address const&) const -> bool = default;

    [[nodiscard]] auto is_any() const -> bool { return bytes == std::array<unsigned char, 16>{}; }
    [[nodiscard]] auto is_loopback() const -> bool {
        if (family == Family::ipv4) {
            return bytes[0] == 127;
        }
        in6_addr six{};
        std::memcpy(&six, bytes.data(), sizeof six);
        return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && bytes[12] == 127);
    }
};

// "[::1]", "fe80::1%eth0" and "10.0.0.1" alike.
auto without_decoration(std::string text) -> std::string {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
        text = text.substr(1, text.size() - 2);
    }
    auto const zone = text.find('%');
    return text.find(':') != std::string::npos && zone != std::string::npos ? text.substr(0, zone) : text;
}

auto address_from(std::string const& text) -> std::optional<Address> {
    Address made;
    if (::inet_pton(AF_INET, text.c_str(), made.bytes.data()) == 1) {
        made.family = Family::ipv4;
        return made;
    }
    if (::inet_pton(AF_INET6, text.c_str(), made.bytes.data()) == 1) {
        made.family = Family::ipv6;
        return made;
    }
    return std::nullopt;
}

auto address_from(sockaddr const* address) -> std::optional<Address> {
    Address made;
    if (address != nullptr && address->sa_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, address, sizeof four);
        made.family = Family::ipv4;
        std::memcpy(made.bytes.data(), &four.sin_addr, sizeof four.sin_addr);
        return made;
    }
    if (address != nullptr && address->sa_family == AF_INET6) {
        sockaddr_in6 six{};
        std::memcpy(&six, address, sizeof six);
        made.family = Family::ipv6;
        std::memcpy(made.bytes.data(), &six.sin6_addr, sizeof six.sin6_addr);
        return made;
    }
    return std::nullopt;
}

}  // namespace

auto reach_of(Screen const& screen, Resolve const& resolve) -> std::variant<Reach, std::string> {
    if (!screen.path.empty()) {
        return "it is a socket of this host, " + screen.path + " (graphics_path)";
    }
    auto text = without_decoration(screen.listen);
    auto address = address_from(text);
    if (!address) {
        auto const found = resolve(text);
        address = found ? address_from(*found) : std::nullopt;
        if (!address) {
            return "it listens on " + screen.listen + ", which has no address (graphics_listen)";
        }
        text = *found;
    }
    if (address->is_loopback()) {
        return "it listens on " + screen.listen + ", which this host alone can reach (graphics_listen)";
    }
    if (address->is_any()) {
        // Who listens on [::] is reached over IPv4 too, by Linux's and QEMU's defaults.
        return Reach{
            .family = address->family == Family::ipv4 ? Family::ipv4 : Family::any, .address = {}, .port = screen.port};
    }
    return Reach{.family = address->family, .address = text, .port = screen.port};
}

auto resolve_by_system(std::string const& name) -> std::optional<std::string> {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) {
        return std::nullopt;
    }
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const all{found, ::freeaddrinfo};
    for (auto const* one = found; one != nullptr; one = one->ai_next) {  // a hypervisor takes the first, too
        std::array<char, INET6_ADDRSTRLEN> text{};
        auto const address = address_from(one->ai_addr);
        int const family = address && address->family == Family::ipv4 ? AF_INET : AF_INET6;
        if (address && ::inet_ntop(family, address->bytes.data(), text.data(), text.size()) != nullptr) {
            return std::string{text.data()};
        }
    }
    return std::nullopt;
}

auto interface_of(std::string const& address) -> std::optional<unsigned> {
    auto const wanted = address_from(address);
    ifaddrs* found = nullptr;
    if (!wanted || ::getifaddrs(&found) != 0) {
        return std::nullopt;
    }
    std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> const all{found, ::freeifaddrs};
    for (auto const* one = found; one != nullptr; one = one->ifa_next) {
        if (address_from(one->ifa_addr) == wanted) {
            unsigned const index = ::if_nametoindex(one->ifa_name);
            return index == 0 ? std::nullopt : std::optional{index};
        }
    }
    return std::nullopt;
}

}  // namespace apiary::avahi
