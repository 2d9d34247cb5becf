// Who is behind a connection.
#include "bus/callers.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>

namespace apiary::bus {

auto CallerCache::find(std::string const& sender) -> CallerPtr {
    auto const found = by_sender_.find(sender);
    if (found == by_sender_.end()) {
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->caller;
}

void CallerCache::insert(std::string const& sender, CallerPtr caller) {
    if (auto const found = by_sender_.find(sender); found != by_sender_.end()) {
        found->second->caller = std::move(caller);
        return;
    }
    if (entries_.size() >= max_) {
        by_sender_.erase(entries_.back().sender);
        entries_.pop_back();
    }
    entries_.push_front({sender, std::move(caller)});
    by_sender_.emplace(sender, entries_.begin());
}

auto groups_of(uid_t uid) -> std::vector<gid_t> {
    constexpr std::size_t max_buffer = std::size_t{1024} * 1024;
    constexpr std::size_t max_groups = 65'536;
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(4096);
    while (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == ERANGE && buffer.size() < max_buffer) {
        buffer.resize(buffer.size() * 2);
    }
    if (found == nullptr) {
        return {};
    }
    std::vector<gid_t> groups(64);
    for (;;) {
        int count = static_cast<int>(groups.size());
        if (::getgrouplist(found->pw_name, found->pw_gid, groups.data(), &count) >= 0) {
            groups.resize(static_cast<std::size_t>(count));
            return groups;
        }
        if (groups.size() >= max_groups) {
            return {};
        }
        groups.resize(groups.size() * 4);
    }
}

}  // namespace apiary::bus
