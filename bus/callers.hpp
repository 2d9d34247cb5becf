// Who is behind a connection: known callers by the unique name of their connection. The bus never gives such a name to
// a second connection, so what is known never becomes wrong; the least recently used are forgotten.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bus/authority.hpp"

namespace apiary::bus {

using CallerPtr = std::shared_ptr<Caller const>;

class CallerCache {
public:
    explicit CallerCache(std::size_t max) : max_{max} {}
    [[nodiscard]] auto find(std::string const& sender) -> CallerPtr;
    void insert(std::string const& sender, CallerPtr caller);
    [[nodiscard]] auto size() const -> std::size_t { return entries_.size(); }

private:
    struct Known {
        std::string sender;
        CallerPtr caller;
    };
    std::size_t max_;
    std::list<Known> entries_;  // the most recently used first
    std::unordered_map<std::string, std::list<Known>::iterator> by_sender_;
};

// All groups of a user by the name service, for buses that do not tell them. May block.
[[nodiscard]] auto groups_of(uid_t uid) -> std::vector<gid_t>;

}  // namespace apiary::bus
