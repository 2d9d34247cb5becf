// Programs from their start to their end, neither of which anything can hold up for ever: not a file that does not
// answer, not a signal of the user whose rights the program has, not a debugger of his.
#pragma once

#include <chrono>
#include <optional>

#include "plugin/host/child.hpp"

namespace apiary::plugin::host {

// Until when somebody waits.
struct Patience {
    std::chrono::steady_clock::time_point deadline;
    int canceling = -1;  // readable: nobody waits any more
};

struct Started {
    enum class How {
        executed,
        failed,  // `error` says why; there is no child
        over,    // nobody waits any more: the child is to be killed
    } how = How::failed;
    int error = 0;
    Child child;
};
[[nodiscard]] auto start_child(ChildPlan const& plan, Patience const& patience) -> Started;

// Its group too, and itself where it has not got one yet.
void kill_child(Child const& child);

// How long what was killed is waited for. It usually ends at once; in a system call that cannot be broken off, or where
// somebody traces it, it may never. Shorter than what the daemon gives a call that it has canceled.
inline constexpr std::chrono::seconds end_patience{2};

// Of one that has ended: its status, as of waitpid(2); nothing: somebody else has waited for it. The keeper hears of
// the end while the number is still taken.
[[nodiscard]] auto reap(Child const& child) -> std::optional<int>;

// Of one that was killed and does not end: it is reaped at some later start.
void leave_behind(Child child);
inline constexpr std::size_t most_left_behind = 64;  // then nothing is started: EAGAIN

// The same file under a number that the child's own are not put over. Empty: errno says why.
[[nodiscard]] auto above_the_childs(UniqueFd file) -> UniqueFd;

// For poll(2): rounded up, so that it is over then.
[[nodiscard]] auto milliseconds_until(std::chrono::steady_clock::time_point when) -> int;

}  // namespace apiary::plugin::host
