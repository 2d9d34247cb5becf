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
    return ids_.emplace(key, next_++).first->second;
}

void Identities::reserve(std::string_view name, unsigned id) {
    std::lock_guard const lock{mutex_};
    ids_.emplace(name_key(name), id);
    taken_.insert(id);
}

}  // namespace apiary
