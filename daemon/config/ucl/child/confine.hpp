// Giving up rights, before anything is read.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace apiary::config::ucl {

// Becomes the user (where root started us), without his groups, and takes limits on what can be used. Empty: done; else
// what failed.
[[nodiscard]] auto give_up_rights(uid_t uid, gid_t gid) -> std::string;

// After this nothing can be opened, started or sent anywhere: standard input can be read and standard output written.
[[nodiscard]] auto enter_sandbox() -> std::string;

}  // namespace apiary::config::ucl
