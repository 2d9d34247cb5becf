// The process that a program is executed in, in a process group of its own, made by a process with many threads:
// between its beginning and the execution nothing happens but system calls.
#pragma once

#include <grp.h>
#include <sys/types.h>

#include <memory>
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
    int input = -1, output = -1, errors = -1;  // none of them, and of `file`, below `first_free`
    int keeper = -1;
    KeeperRecord record;
};

// The child puts its own over those below: input, output, errors, the file, and where it tells why it failed.
inline constexpr int first_free = 5;

struct Child {
    pid_t pid = -1;
    UniqueFd ended;                // readable when it has ended and can be reaped
    std::shared_ptr<void> memory;  // that it uses until it executes; to be kept as long as that
    int keeper = -1;               // who hears of its end
    KeeperRecord record{};
};

// What programs may count on: select(2) takes descriptors below it, and a loop over all of them ends soon.
inline constexpr unsigned usual_descriptors = 1024;

// Begins it, and does not wait: before it executes, a file or a folder that does not answer can hold it up, or the user
// whose rights it has by then. By that time it has nothing of the host's open. `told`, the writing end of a pipe, from
// `first_free` on: it writes an errno there (an int) if it fails, and closes it when it executes. All signals are
// blocked in the calling thread, which until then makes no call that can fail: the errno may be the child's, too.
// Nothing: errno says why there is none. One without `ended` is of no use.
[[nodiscard]] auto fork_child(ChildPlan const& plan, int told) -> std::optional<Child>;

// Closes all descriptors from `first` to `last`, to the highest if that is -1.
void close_between(int first, int last);

}  // namespace apiary::plugin::host
