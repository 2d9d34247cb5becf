// Accounts of the host.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace apiary::hookcmd {

// Nothing: there is none of this name, or name service does not answer.
[[nodiscard]] auto find_uid(std::string const& user) -> std::optional<uid_t>;
[[nodiscard]] auto find_gid(std::string const& group) -> std::optional<gid_t>;

}  // namespace apiary::hookcmd
