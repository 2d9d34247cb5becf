#include "plugins/avahi/service.hpp"

#include <sys/types.h>

#include <md5.h>

#include <array>
#include <cstdint>
#include <utility>

namespace apiary::avahi {
namespace {

constexpr std::size_t longest_name = 63;   // a label of DNS
constexpr std::size_t longest_text = 255;  // a string of a TXT record

auto txt(std::string const& key, std::string const& value) -> std::string {
    return (key + "=" + value).substr(0, longest_text);
}

}  // namespace

auto service_for(std::string const& vm, std::string const& host, Reach reach) -> Service {
    return {
        .vm = vm, .reach = std::move(reach), .txt = {txt("vm", vm), txt("uuid", uuid_of(vm, host)), txt("host", host)}};
}

auto service_name(std::string const& vm) -> std::string {
    auto name = vm.substr(0, longest_name);
    while (name.ends_with(' ')) {
        name.pop_back();
    }
    return name;
}

auto uuid_of(std::string const& vm, std::string const& host) -> std::string {
    // The namespace of domain names.
    constexpr std::array<std::uint8_t, 16> of_names{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                                    0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    auto const name = vm + "." + host;
    std::string text{of_names.begin(), of_names.end()};
    text += name;
    std::array<std::uint8_t, 16> digest{};
    MD5_CTX context;
    MD5Init(&context);
    MD5Update(&context, reinterpret_cast<std::uint8_t const*>(text.data()), text.size());
    MD5Final(digest.data(), &context);
    digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0fU) | 0x30U);
    digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3fU) | 0x80U);
    constexpr char const* digits = "0123456789abcdef";
    std::string made;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            made += '-';
        }
        made += digits[digest[i] >> 4U];
        made += digits[digest[i] & 0x0fU];
    }
    return made;
}

}  // namespace apiary::avahi
