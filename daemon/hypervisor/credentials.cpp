#include "hypervisor/credentials.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace apiary::hypervisor {
namespace {

using Found = std::variant<Credentials, std::string>;

constexpr std::size_t groups_bound = 1024;

auto own_credentials() -> Credentials {
    return {.uid = ::geteuid(), .gid = ::getegid(), .groups = {}};
}

// Blocks: the name service may ask the network.
auto look_up(uid_t uid) -> Found {
    std::vector<char> buffer(64U << 10U);
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) {
        return "the VM's owner, uid " + std::to_string(uid) +
               ", has no account on this host, so the hypervisor cannot run as him";
    }
    std::vector<gid_t> groups(groups_bound);
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) {
        return std::string{entry.pw_name} + " is in more than " + std::to_string(groups_bound) + " groups";
    }
    groups.resize(static_cast<std::size_t>(count));
    return Credentials{.uid = uid, .gid = entry.pw_gid, .groups = std::move(groups)};
}

}  // namespace

void find_credentials(Loop& loop, Definition const& definition, bool as_owner, std::function<void(Found)> done) {
    if (::geteuid() != 0 || !as_owner || definition.owner == 0) {
        loop.post([done = std::move(done)] { done(own_credentials()); });
        return;
    }
    auto found = std::make_shared<Found>();
    loop.offload([found, uid = definition.owner] { *found = look_up(uid); },
                 [found, done = std::move(done)] { done(std::move(*found)); });
}

}  // namespace apiary::hypervisor
