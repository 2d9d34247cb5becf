// Accounts of the host. Looking them up may block for long (network name services): never on the loop.
#pragma once

#include <optional>
#include <string>

#include "vm/supervisor.hpp"

namespace apiary::supervision {

struct Account {
    std::string name;
    Credentials credentials;  // the user, his primary group, and all his groups
};

// Nothing: there is no such account. Who runs the daemon (root, or a user with a daemon of his own) is known without
// one, and stays in the groups that he is in.
[[nodiscard]] auto find_account(uid_t uid) -> std::optional<Account>;

}  // namespace apiary::supervision
