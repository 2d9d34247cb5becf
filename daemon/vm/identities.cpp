#include "vm/identities.hpp"

#include "vm/definition.hpp"

namespace apiary {

auto Identities::id_of(std::string_view name) -> unsigned {
    std::lock_guard const lock{mutex_};
    auto const key = name_key(name);
    if (auto const it = ids_.find(key); it != ids_.end()) {
        return it->second;
    }
    while (taken_.contains(next_)) {
        ++next_;
    }
    taken_.insert(next_);
    new_.emplace_back(key, next_);
    return ids_.emplace(key, next_++).first->second;
}

void Identities::reserve(std::string_view name, unsigned id) {
    std::lock_guard const lock{mutex_};
    auto const [known, is_new] = ids_.emplace(name_key(name), id);
    // A VM that took a name of its own has the number of its section, which stays that section's in the store.
    if (is_new && taken_.insert(id).second) {
        new_.emplace_back(known->first, id);
    }
}

void Identities::restore(std::vector<std::pair<std::string, unsigned>> const& stored) {
    std::lock_guard const lock{mutex_};
    for (auto const& [key, id] : stored) {
        ids_.emplace(key, id);
        taken_.insert(id);
    }
}

auto Identities::take_new() -> std::vector<std::pair<std::string, unsigned>> {
    std::lock_guard const lock{mutex_};
    return std::exchange(new_, {});
}

}  // namespace apiary
