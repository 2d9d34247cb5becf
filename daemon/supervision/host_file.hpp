// A file of the host that a definition asks for: how it is to be opened, and what to say where that fails.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "vm/definition.hpp"

namespace apiary::supervision {

struct HostFile {
    std::string id;    // of the contribution: disk0, iso1, kernel, log …
    std::string what;  // for people: disk, CD image …
    HostPath path;
    std::uint32_t operation = 0;  // APIARY_OPEN_*
    bool noexist = false;         // may be absent
    uid_t as = 0;                 // whose rights open it
    bool passed = false;          // opened and passed on; else only looked at: the hypervisor opens it by its path
};

[[nodiscard]] auto host_files_of(Definition const& definition) -> std::vector<HostFile>;

// Something that a user's file asks for and only root may give; empty: nothing.
[[nodiscard]] auto refusal_of(Definition const& definition) -> std::string;

// Why it cannot be had, and what to do. `fault` is APIARY_OPENER_*, `user` the name of whose rights were used.
[[nodiscard]] auto explain(HostFile const& file, std::uint32_t fault, int error, mode_t mode, std::string const& user)
    -> std::string;

// Does a file of this mode do for the operation? (The opener has the same rule.)
[[nodiscard]] auto fits(std::uint32_t operation, mode_t mode) -> bool;

}  // namespace apiary::supervision
