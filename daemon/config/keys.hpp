// The table of keys: what may be set for a VM, as data. Readers, checks, help texts and plugins share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace apiary::config {

struct Draft;
struct Assignment;

enum class KeyType {
    text,
    boolean,     // yes, true, no, false; without case
    integer,     // decimal, least..most
    word,        // one of `words`
    path,        // of a file on the host
    executable,  // absolute path of a program on the host
};

// What may become of a value that root did not write (DESIGN "Who may do what to the host").
enum class TrustRule {
    anybody,    // does nothing to the host
    opened,     // a path: it is opened with the rights of who wrote it
    root_only,  // refused
    guarded,    // depends on the value: its setter decides
};

// What is wrong with a value and what would be right; nothing: it is fine.
using ValueFault = std::optional<std::string>;

struct KeySpec {
    std::string name;  // lower case
    std::vector<std::string> aliases;
    KeyType type = KeyType::text;
    bool list = false;
    std::string fallback;  // the default, as it would be written; empty: none
    std::string doc;       // one line
    TrustRule trust = TrustRule::anybody;
    std::string why;     // root_only: what others could do with it
    std::string plugin;  // the plugin that it belongs to; empty: the daemon itself
    bool secret = false;
    std::int64_t least = std::numeric_limits<int>::min(), most = std::numeric_limits<int>::max();
    std::vector<std::string> words;
    bool fold_words = false;  // they are compared without case

    // Takes a value that fits the type into the definition. None: a plugin's key, kept as text.
    ValueFault (*set)(Draft&, Assignment&) = nullptr;
    void (*clear)(Draft&) = nullptr;  // lists: forgets what was set
};

// The keys of the daemon itself and of the hookcmd plugin.
[[nodiscard]] auto core_keys() -> std::vector<KeySpec> const&;

class KeyTable {
public:
    // A key that is there already cannot be taken over: such ones are left out.
    explicit KeyTable(std::vector<KeySpec> const& more = {});

    [[nodiscard]] auto find(std::string_view name) const -> KeySpec const*;  // without case, also by alias
    [[nodiscard]] auto order_of(KeySpec const& key) const -> std::size_t {
        return static_cast<std::size_t>(&key - keys_.data());
    }
    [[nodiscard]] auto keys() const -> std::vector<KeySpec> const& { return keys_; }
    [[nodiscard]] auto names() const -> std::vector<std::string_view>;  // with aliases

private:
    struct Slot {
        std::string_view name;  // empty: the slot is free
        std::size_t key = 0;
    };
    // Where the name is, or would be.
    [[nodiscard]] auto slot_of(std::string_view name) const -> std::size_t;

    std::vector<KeySpec> keys_;
    std::vector<Slot> slots_;  // by a hash of names and aliases; more are free than taken
};

}  // namespace apiary::config
