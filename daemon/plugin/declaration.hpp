// What a plugin says about itself: the frame `plugin` (protocol.hpp), and what must hold of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/frames.hpp"

namespace apiary::plugin {

enum class KeyType { text, boolean, integer, word, path, executable };

// A key that a plugin adds to the configuration: plugin.h says what its members mean.
struct Key {
    std::string name;
    KeyType type = KeyType::text;
    bool list = false, secret = false, root_only = false;
    std::optional<std::string> fallback;
    std::string doc;
    std::string why;  // empty: none given
    std::vector<std::string> words;
    std::int64_t least = 0, most = 0;  // both 0: any
    auto operator==(Key const&) const -> bool = default;
};

// In the order of starting.
enum class Phase { network, storage, device, hook };
[[nodiscard]] auto to_string(Phase phase) -> std::string_view;

// Which functions it has.
struct Functions {
    bool configure = false, prestart = false, poststop = false, renew = false, event = false, reload = false;
    auto operator==(Functions const&) const -> bool = default;
};

struct Declaration {
    std::uint32_t abi = 0;
    std::string name, version, doc;
    std::vector<Key> keys;
    Phase phase = Phase::hook;
    bool no_network = false, all_vms = false, not_needed = false, own_events = false, renew_at_reboot = false,
         replay = false;
    std::vector<std::string> before, after, events;
    std::optional<std::string> user;
    std::vector<std::string> capabilities;
    std::chrono::milliseconds prestart_timeout = default_step_timeout, poststop_timeout = default_step_timeout;
    std::chrono::milliseconds event_timeout = default_event_timeout;
    Functions has;
    auto operator==(Declaration const&) const -> bool = default;

    static constexpr std::chrono::milliseconds default_step_timeout{60'000}, default_event_timeout{10'000};
};

// The members of the frame, its "t" and protocol too.
[[nodiscard]] auto to_frame(Declaration const& declaration) -> Json;
// Of what is absent or of another type, the default; judge() is to follow.
[[nodiscard]] auto declaration_from(Json const& frame) -> Declaration;

// All that is wrong with it, in plain words; empty: it can be used. `file`: the name of its file, without folder;
// empty: does not matter.
[[nodiscard]] auto judge(Declaration const& declaration, std::string_view file = {}) -> std::vector<std::string>;

// A plugin's name: 1 to 32 lower case letters, digits and '-', the first a letter (it is a part of names on the bus).
[[nodiscard]] auto is_plugin_name(std::string_view name) -> bool;

// What one declaration may hold at most.
inline constexpr std::size_t max_keys = 256, max_words = 64, max_names = 64, max_text = 1024, max_key_name = 64;
inline constexpr std::chrono::milliseconds max_timeout{std::chrono::hours{24}};

}  // namespace apiary::plugin
