// What a reload changes, VM by VM: told before it is done (a dry run), and of what was done.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vm/definition.hpp"

namespace apiary {

// kept: its new definition is wrong or could not be read; it goes on with the one that it has (config/keep.hpp).
enum class ChangeAction { added, changed, removed, kept };

// What becomes of the VM, and when its new definition holds.
enum class ChangeEffect {
    now,              // the change holds at once; nothing is started or stopped for it
    next_cold_start,  // it runs on with the definition that it was started with
    start,            // it is started, with the new definition
    stop,             // it is shut down, and has the new definition then
    restart,          // it is shut down (or is going down already) and started with the new definition
    remove,           // it is at rest, and is no more
    stop_and_remove,  // it is shut down, and is no more then
    remove_at_rest,   // it cannot be shut down, or that is under way: it is removed once it is at rest
    none,             // kept: nothing happens
};

// One key that differs. An empty list of values: not set there.
struct KeyChange {
    std::string key;
    std::vector<std::string> before, after;  // "(secret)" in place of a secret value
    // now, next_cold_start, or restart. A key whose values are the same texts differs in what they stand for: a path
    // is opened with other rights now.
    ChangeEffect effect = ChangeEffect::now;
    friend auto operator==(KeyChange const&, KeyChange const&) -> bool = default;
};

struct VmChangePlan {
    std::string name;
    ChangeAction action = ChangeAction::changed;
    std::vector<KeyChange> keys;  // of action changed alone; in the order of the key table
    ChangeEffect effect = ChangeEffect::now;
    std::string why;  // kept: what is wrong
    friend auto operator==(VmChangePlan const&, VmChangePlan const&) -> bool = default;
};

// The keys that say how the daemon treats the VM and nothing about its guest: a change of them holds at once, also
// while it runs. All others wait for its next cold start (rights too: they are those that it was started with).
[[nodiscard]] auto holds_at_once(std::string_view key) -> bool;

// Is there any difference that waits for a cold start?
[[nodiscard]] auto same_for_the_guest(Definition const& before, Definition const& after) -> bool;

// `waits`: when the keys that do not hold at once take effect. `before` null: everything is new.
[[nodiscard]] auto changed_keys(Definition const* before, Definition const& after, ChangeEffect waits)
    -> std::vector<KeyChange>;

[[nodiscard]] auto to_string(ChangeAction) -> std::string_view;
[[nodiscard]] auto to_string(ChangeEffect) -> std::string_view;    // "next-cold-start": a word of the bus
[[nodiscard]] auto sentence_of(ChangeEffect) -> std::string_view;  // for people, without a subject: "waits for …"

}  // namespace apiary
