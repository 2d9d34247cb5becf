// A definition in the making.
#pragma once

#include <memory>
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
    Few<std::string> values;
    Few<Mark> marks;  // one for each value
};

// Parts of `ncpu` that were set on their own; 0: not.
struct Topology {
    unsigned cpus = 0, sockets = 0, cores = 0, threads = 0;
};

struct Draft {
    // The room is taken from draft to draft: VMs have much the same keys.
    explicit Draft(std::vector<Entry>& room) : entries{room} { entries.clear(); }

    std::shared_ptr<Definition> made = std::make_shared<Definition>();
    Definition& vm = *made;
    std::string_view section_name;
    Mark section, name;
    std::vector<Entry>& entries;               // each key once
    std::vector<Mark> pin_marks, sound_marks;  // beside vm.cpus.pins and vm.sounds
    std::vector<bool> after_trusted;           // beside vm.after: is that root's word?
    Topology topology;
    HostPath configfile;  // of the VM's bhyve_base, which finish() reads
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
