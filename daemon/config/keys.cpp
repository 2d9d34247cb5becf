// Looking up keys.
#include "config/keys.hpp"

#include <algorithm>
#include <bit>

#include "config/characters.hpp"
#include "config/text.hpp"

namespace apiary::config {

KeyTable::KeyTable(std::vector<KeySpec> const& more) : keys_{core_keys()} {
    std::size_t const own = keys_.size();
    auto const taken = [&](std::string_view name) {
        return std::any_of(keys_.begin(), keys_.end(), [&](KeySpec const& key) {
            return key.name == name || std::find(key.aliases.begin(), key.aliases.end(), name) != key.aliases.end();
        });
    };
    keys_.reserve(own + more.size());
    for (KeySpec const& key : more) {
        if (!taken(key.name) && std::none_of(key.aliases.begin(), key.aliases.end(), taken)) {
            keys_.push_back(key);
        }
    }
    slots_.resize(std::bit_ceil(names().size() * 4));
    auto const enter = [&](std::string_view name, std::size_t key) {
        if (Slot& slot = slots_[slot_of(name)]; slot.name.empty()) {
            slot = {name, key};
        }
    };
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        enter(keys_[i].name, i);
        for (std::string const& alias : keys_[i].aliases) {
            enter(alias, i);
        }
    }
}

// Every setting of every VM is looked up here. Nobody but the daemon and its plugins chooses the names, so that a hash
// of three characters will do.
auto KeyTable::slot_of(std::string_view name) const -> std::size_t {
    std::size_t slot = name.size();
    if (!name.empty()) {
        for (char const c : {name.front(), name[name.size() / 2], name.back()}) {
            slot = slot * 37 + static_cast<unsigned char>(folded(c));
        }
    }
    for (;; ++slot) {
        slot &= slots_.size() - 1;
        std::string_view const its = slots_[slot].name;
        if (its.empty() || its == name || equal_fold(its, name)) {
            return slot;
        }
    }
}

auto KeyTable::find(std::string_view name) const -> KeySpec const* {
    Slot const& slot = slots_[slot_of(name)];
    return slot.name.empty() ? nullptr : &keys_[slot.key];
}

auto KeyTable::names() const -> std::vector<std::string_view> {
    std::vector<std::string_view> names;
    for (KeySpec const& key : keys_) {
        names.emplace_back(key.name);
        names.insert(names.end(), key.aliases.begin(), key.aliases.end());
    }
    return names;
}

}  // namespace apiary::config
