// Looking up keys.
#include "config/keys.hpp"

#include <algorithm>

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
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        index_.emplace(keys_[i].name, i);
        for (std::string const& alias : keys_[i].aliases) {
            index_.emplace(alias, i);
        }
    }
}

auto KeyTable::find(std::string_view name) const -> KeySpec const* {
    auto const found = index_.find(name);
    if (found != index_.end()) {
        return &keys_[found->second];
    }
    auto const folded = index_.find(lower(name));
    return folded != index_.end() ? &keys_[folded->second] : nullptr;
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
