// By a pidfd.
#include <sys/syscall.h>
#include <unistd.h>

#include "ctl/process_end.hpp"

namespace apiary::ctl {

auto follow_process(int pid) -> UniqueFd {
    return UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))};
}

}  // namespace apiary::ctl
