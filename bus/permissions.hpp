// The right that each member of each interface needs. A test holds this table against introspection/.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "bus/authority.hpp"

namespace apiary::bus {

enum class MemberKind { method, signal, property };

struct Permission {
    std::string_view interface;
    MemberKind kind;
    std::string_view member;
    // On the VM (interfaces VM and Job), or everywhere (the others). Nothing: everybody; what a call then tells is
    // filtered by what its caller may see.
    std::optional<Right> right;
};

[[nodiscard]] auto permissions() -> std::span<Permission const>;

// The right that calling a method needs. `interface` may be empty, as D-Bus allows: then the strictest of all
// interfaces that have such a method. Null: there is no such method.
[[nodiscard]] auto method_permission(std::string_view interface, std::string_view member) -> Permission const*;

}  // namespace apiary::bus
