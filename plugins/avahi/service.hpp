// What is said of a VM on the network.
#pragma once

#include <string>
#include <vector>

#include "plugins/avahi/screen.hpp"

namespace apiary::avahi {

struct Service {
    std::string vm;  // its name
    Reach reach;
    std::vector<std::string> txt;  // "vm=…", "uuid=…", "host=…"
    auto operator==(Service const&) const -> bool = default;
};

[[nodiscard]] auto service_for(std::string const& vm, std::string const& host, Reach reach) -> Service;

// As it first tries to be called: a service's name has 63 bytes at most, a VM's 128.
[[nodiscard]] auto service_name(std::string const& vm) -> std::string;

// A UUID of version 3 (RFC 4122), of the domain name VM.HOST: the same as long as these are the same.
[[nodiscard]] auto uuid_of(std::string const& vm, std::string const& host) -> std::string;

}  // namespace apiary::avahi
