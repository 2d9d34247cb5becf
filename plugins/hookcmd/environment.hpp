// The environment of hooks: bmd's VM_* variables, made of a VM's settings.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace apiary::hookcmd {

struct Facts {
    std::string name;
    std::uint32_t id = 0;
    // By the key, as `apiaryctl config show` has them; none: not set.
    std::function<std::vector<std::string_view>(char const* key)> settings;
    std::function<long(std::string const& user)> uid;  // -1: there is none
    std::function<long(std::string const& group)> gid;
    std::function<std::string(std::size_t nic)> tap;  // name of the interface, from 0; empty: not known
};

// "PATH=…" and then the variables, in bmd's order. What is not set has no variable. Passwords are not among them.
[[nodiscard]] auto environment(Facts const& facts) -> std::vector<std::string>;

}  // namespace apiary::hookcmd
