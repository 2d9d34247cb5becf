// The rows of the key table, in three groups.
#pragma once

#include <vector>

#include "config/keys.hpp"

namespace apiary::config {

[[nodiscard]] auto machine_keys() -> std::vector<KeySpec>;  // who, when, processors, memory, boot
[[nodiscard]] auto device_keys() -> std::vector<KeySpec>;
[[nodiscard]] auto vmstated_keys() -> std::vector<KeySpec>;  // that came from vmstated; bhyve's configuration file
[[nodiscard]] auto plugin_keys() -> std::vector<KeySpec>;  // of plugins that the daemon knows without asking them

}  // namespace apiary::config
