#include "supervision/accounts.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "supervision/protocol.h"

namespace apiary::supervision {
namespace {

constexpr std::size_t entry_max = std::size_t{1024} * 1024;

// Rights that cannot be changed are not asked for.
auto own_account(passwd const* found) -> Account {
    auto const uid = ::geteuid();
    return {.name = found != nullptr ? found->pw_name : "uid " + std::to_string(uid),
            .credentials = {.uid = uid, .gid = ::getegid(), .groups = {}}};
}

}  // namespace

auto find_account(uid_t uid) -> std::optional<Account> {
    if (uid == 0) {
        return Account{.name = "root", .credentials = {}};
    }
    std::vector<char> buffer(4096);
    passwd entry{};
    passwd* found = nullptr;
    int error = ERANGE;
    while (error == ERANGE && buffer.size() <= entry_max) {
        error = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
        if (error == ERANGE) {
            buffer.resize(buffer.size() * 2);
        }
    }
    if (uid == ::geteuid()) {
        return own_account(error == 0 ? found : nullptr);
    }
    if (error != 0 || found == nullptr) {
        return std::nullopt;
    }
    Account account{.name = entry.pw_name, .credentials = {.uid = uid, .gid = entry.pw_gid, .groups = {}}};
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    while (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) {
        if (groups.size() >= APIARY_SHIM_GROUPS_MAX) {
            count = static_cast<int>(groups.size());
            break;
        }
        groups.resize(std::min<std::size_t>(
            std::max<std::size_t>(static_cast<std::size_t>(std::max(count, 0)), groups.size() * 2),
            APIARY_SHIM_GROUPS_MAX));
        count = static_cast<int>(groups.size());
    }
    groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    account.credentials.groups = std::move(groups);
    return account;
}

}  // namespace apiary::supervision
