// A definition in the making.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/accounts.hpp"
#include "config/evaluate.hpp"
#include "config/host.hpp"
#include "config/keys.hpp"
#include "config/source.hpp"
#include "vm/definition.hpp"

namespace apiary::config {

// Where a value stands, and the template that brought it (empty: none).
struct Mark {
    SourceFile const* file = nullptr;
    Position at;
    std::string_view through;
};

// A key that was set.
struct Entry {
    KeySpec const* key = nullptr;
    std::vector<std::string> values;
    std::vector<Mark> marks;  // one for each value
};

struct Draft {
    Definition vm;
    std::string section_name;
    Mark section, name;
    std::vector<Entry> entries;
    std::vector<Mark> pin_marks, sound_marks;  // beside vm.cpus.pins and vm.sounds
    bool memory_set = false, loader_set = false, listen_set = false;
    bool graphics_set = false;      // yes or no was said: nothing is implied any more
    bool graphics_implied = false;  // a key was set that makes no sense without
    bool graphics_wished = false;   // some part of it is not root's word
    bool dropped = false;

    [[nodiscard]] auto find(std::string_view key) const -> Entry const*;
};

// One value on its way into a draft.
struct Assignment {
    KeySpec const& key;
    std::string_view text;
    Provenance from;
    Accounts const& accounts;
    Host const& host;
    uid_t trusted_uid;
    // What the type of the key made of the text:
    bool flag = false;
    std::int64_t number = 0;
    std::size_t word = 0;
    std::string warning{};  // out: taken, but probably not what was meant

    [[nodiscard]] auto trusted() const -> bool { return from.trusted; }
    [[nodiscard]] auto host_path(std::string_view path) const -> HostPath;
};

// Is the path one that can be used? Sets a.warning where it is relative (to the daemon's working folder, as for bmd).
[[nodiscard]] auto path_fault(Assignment& a, std::string_view path) -> ValueFault;

}  // namespace apiary::config
