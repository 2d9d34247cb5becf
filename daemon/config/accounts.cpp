// The host's name service, through the re-entrant calls.
#include "config/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

namespace apiary::config {

namespace {

constexpr std::size_t first_buffer = 1024, largest_buffer = std::size_t{1024} * 1024;

// Calls `ask(buffer, size)`, an …_r function, with a buffer that grows until its answer fits.
template <typename Ask>
auto with_buffer(std::vector<char>& buffer, Ask ask) -> bool {
    for (std::size_t size = first_buffer; size <= largest_buffer; size *= 4) {
        buffer.resize(size);
        int const error = ask(buffer.data(), buffer.size());
        if (error != ERANGE && error != EINTR) {
            return error == 0;
        }
    }
    return false;
}

template <typename Lookup>
auto look_up_user(Lookup lookup) -> std::optional<User> {
    std::vector<char> buffer;
    passwd entry{};
    passwd* found = nullptr;
    bool const answered =
        with_buffer(buffer, [&](char* data, std::size_t size) { return lookup(&entry, data, size, &found); });
    if (!answered || found == nullptr) {
        return std::nullopt;
    }
    return User{found->pw_uid, found->pw_gid, found->pw_name};
}

}  // namespace

auto SystemAccounts::user(std::string const& name) const -> std::optional<User> {
    return look_up_user([&](passwd* entry, char* data, std::size_t size, passwd** found) {
        return getpwnam_r(name.c_str(), entry, data, size, found);
    });
}

auto SystemAccounts::user(uid_t uid) const -> std::optional<User> {
    return look_up_user([&](passwd* entry, char* data, std::size_t size, passwd** found) {
        return getpwuid_r(uid, entry, data, size, found);
    });
}

auto SystemAccounts::group(std::string const& name) const -> std::optional<Group> {
    std::vector<char> buffer;
    ::group entry{};
    ::group* found = nullptr;
    bool const answered = with_buffer(
        buffer, [&](char* data, std::size_t size) { return getgrnam_r(name.c_str(), &entry, data, size, &found); });
    if (!answered || found == nullptr) {
        return std::nullopt;
    }
    return Group{found->gr_gid, found->gr_name};
}

auto SystemAccounts::is_member(User const& user, gid_t group) const -> bool {
    constexpr int most_groups = 65536;
    for (int room = 64; room <= most_groups; room *= 4) {
        std::vector<gid_t> groups(static_cast<std::size_t>(room));
        int count = room;
        if (getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) >= 0) {
            groups.resize(static_cast<std::size_t>(count));
            return std::find(groups.begin(), groups.end(), group) != groups.end();
        }
    }
    return false;
}

namespace {

template <typename Map, typename Key, typename Ask>
auto remember(Map& map, Key const& key, Ask ask) -> typename Map::mapped_type {
    auto const found = map.find(key);
    return found != map.end() ? found->second : map.emplace(key, ask()).first->second;
}

}  // namespace

auto RememberedAccounts::user(std::string const& name) const -> std::optional<User> {
    return remember(users_, name, [&] { return source_.user(name); });
}

auto RememberedAccounts::user(uid_t uid) const -> std::optional<User> {
    return remember(users_by_id_, uid, [&] { return source_.user(uid); });
}

auto RememberedAccounts::group(std::string const& name) const -> std::optional<Group> {
    return remember(groups_, name, [&] { return source_.group(name); });
}

auto RememberedAccounts::is_member(User const& user, gid_t group) const -> bool {
    return remember(members_, std::pair{user.uid, group}, [&] { return source_.is_member(user, group); });
}

}  // namespace apiary::config
