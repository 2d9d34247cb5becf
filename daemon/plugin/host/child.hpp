// Starting a program in a process group of its own, from a process with many threads: between the new process and the
// execution nothing happens but system calls.
#pragma once

#include <grp.h>
#include <sys/types.h>

#include <optional>
#include <vector>

#include "plugin/host/keeper.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

struct ChildPlan {
    char const* path = nullptr;
    int file = -1;           // executed instead of what `path` names; -1: `path`
    bool is_script = false;  // its interpreter opens `file` again, so it must be there after the execution
    char* const* argv = nullptr;
    char* const* envp = nullptr;
    char const* folder = "/";
    bool change_user = false;
    uid_t uid = 0;
    gid_t gid = 0;
    gid_t const* groups = nullptr;
    std::size_t group_count = 0;
    int input = -1, output = -1, errors = -1;  // none of them 0 to 3
    int keeper = -1;
    KeeperRecord record;
};

struct Child {
    pid_t pid = -1;
    UniqueFd ended;  // readable when it has ended and can be reaped
};

// What programs may count on: select(2) takes descriptors below it, and a loop over all of them ends soon.
inline constexpr unsigned usual_descriptors = 1024;

// Nothing: it could not be executed, errno says why.
[[nodiscard]] auto start_child(ChildPlan const& plan) -> std::optional<Child>;

// Closes all descriptors from `first` to `last`, to the highest if that is -1.
void close_between(int first, int last);

}  // namespace apiary::plugin::host
