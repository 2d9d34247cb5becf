// The shared object and what it declares.
#pragma once

#include <apiary/plugin.h>

#include <string>
#include <variant>

#include "plugin/declaration.hpp"

namespace apiary::plugin::host {

// With all members that this host knows; what the plugin's maker did not know yet is zero.
struct Loaded {
    apiary_plugin functions{};
    Declaration declaration;
};

// Loads what is behind `descriptor`; `file` is its name for people. A text: why it cannot be used. It is never
// unloaded: threads of its own may run in it.
[[nodiscard]] auto load(int descriptor, std::string const& file, apiary_host const& host)
    -> std::variant<Loaded, std::string>;

// dlopen(3) of a descriptor, with all symbols at once; null: dlerror(3) tells, in words about `shown`.
struct Opened {
    void* handle = nullptr;
    std::string shown;  // how the file is called in error messages of the loader
};
[[nodiscard]] auto open_object(int descriptor) -> Opened;

}  // namespace apiary::plugin::host
