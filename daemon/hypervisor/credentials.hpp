// Whom a hypervisor runs as.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "vm/definition.hpp"
#include "vm/loop.hpp"
#include "vm/supervisor.hpp"

namespace apiary::hypervisor {

// Asks the name service (off the loop) for the groups of the VM's owner. `done` is called on a later turn, with the
// credentials or with a text that says why there are none. A daemon that is not root runs all as itself. Where
// hypervisors cannot leave root (bhyve: /dev/vmm is root's), `as_owner` is false.
void find_credentials(Loop& loop, Definition const& definition, bool as_owner,
                      std::function<void(std::variant<Credentials, std::string>)> done);

}  // namespace apiary::hypervisor
