// The few settings whose words QEMU spells differently.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "hypervisor/qemu_command.hpp"

namespace apiary::hypervisor {
namespace {

auto number_from(std::string_view text, unsigned long most) -> std::optional<unsigned long> {
    unsigned long value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > most) {
        return std::nullopt;
    }
    return value;
}

auto hex(unsigned long value, unsigned width) -> std::string {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text(width, '0');
    for (auto place = text.rbegin(); place != text.rend(); ++place, value /= 16) {
        *place = digits.at(value % 16);
    }
    return text;
}

}  // namespace

auto stable_mac(Definition const& definition, unsigned index) -> std::string {
    std::uint64_t hash = 0xcbf29ce484222325U;
    auto const mix = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3U; };
    mix(static_cast<unsigned char>(index));
    for (char const letter : name_key(definition.name)) {
        mix(static_cast<unsigned char>(letter));
    }
    // What is mixed in last has reached few bits.
    for (int round = 0; round < 4; ++round) {
        mix(0);
    }
    std::string text = "02";
    for (unsigned shift = 24; shift < 64; shift += 8) {
        text += ':';
        text += hex((hash >> shift) & 0xffU, 2);
    }
    return text;
}

auto qemu_keymap(std::string_view keymap) -> std::string {
    struct Pair {
        std::string_view bhyve, qemu;
    };
    static constexpr auto pairs = std::to_array<Pair>({{"default", "en-us"},
                                                       {"us", "en-us"},
                                                       {"gb", "en-gb"},
                                                       {"uk", "en-gb"},
                                                       {"jp", "ja"},
                                                       {"dk", "da"},
                                                       {"se", "sv"},
                                                       {"br", "pt-br"}});
    auto const found = std::find_if(pairs.begin(), pairs.end(), [&](Pair const& one) { return one.bhyve == keymap; });
    return std::string{found == pairs.end() ? keymap : found->qemu};
}

auto vfio_host(std::string_view passthru) -> std::optional<std::string> {
    auto const first = passthru.find('/');
    auto const second = first == std::string_view::npos ? first : passthru.find('/', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    auto const bus = number_from(passthru.substr(0, first), 255);
    auto const slot = number_from(passthru.substr(first + 1, second - first - 1), 31);
    auto const function = number_from(passthru.substr(second + 1), 7);
    if (!bus || !slot || !function) {
        return std::nullopt;
    }
    return "0000:" + hex(*bus, 2) + ":" + hex(*slot, 2) + "." + hex(*function, 1);
}

auto gdb_address(std::string_view debug_port) -> std::optional<std::string> {
    auto const colon = debug_port.rfind(':');
    auto const port = number_from(colon == std::string_view::npos ? debug_port : debug_port.substr(colon + 1), 65535);
    if (!port || *port == 0) {
        return std::nullopt;
    }
    auto const host = colon == std::string_view::npos ? std::string_view{"127.0.0.1"} : debug_port.substr(0, colon);
    if (host.empty() || host.find_first_not_of("0123456789abcdefABCDEF.:[]") != std::string_view::npos) {
        return std::nullopt;
    }
    return "tcp:" + std::string{host} + ":" + std::to_string(*port);
}

}  // namespace apiary::hypervisor
