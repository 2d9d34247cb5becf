// Linux: a filter on system calls. Whatever a text might make of this process, it cannot do more than answer.
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <initializer_list>

#include "config/ucl/child/confine.hpp"

namespace apiary::config::ucl {
namespace {

auto allow(scmp_filter_ctx filter, int call, std::initializer_list<scmp_arg_cmp> only = {}) -> bool {
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, static_cast<unsigned>(only.size()), only.begin()) == 0;
}

// Memory, but none that could be executed.
auto allow_memory(scmp_filter_ctx filter) -> bool {
    scmp_arg_cmp const not_executable{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
    scmp_arg_cmp const of_no_file{3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS};
    return allow(filter, SCMP_SYS(mmap), {not_executable, of_no_file}) &&
           allow(filter, SCMP_SYS(mprotect), {not_executable});
}

auto allow_calls(scmp_filter_ctx filter) -> bool {
    for (int const call : {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
                           SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall)}) {
        if (!allow(filter, call)) {
            return false;
        }
    }
    return allow(filter, SCMP_SYS(read), {{0, SCMP_CMP_EQ, 0, 0}}) &&
           allow(filter, SCMP_SYS(write), {{0, SCMP_CMP_LE, 2, 0}});
}

}  // namespace

auto enter_sandbox() -> std::string {
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return "prctl failed";
    }
    scmp_filter_ctx const filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == nullptr) {
        return "no filter of system calls can be made";
    }
    bool const loaded = allow_calls(filter) && allow_memory(filter) && seccomp_load(filter) == 0;
    if (loaded) {
        return {};  // the filter's description is left: freeing it is work for nothing
    }
    seccomp_release(filter);
    return "the filter of system calls (seccomp) was not accepted";
}

}  // namespace apiary::config::ucl
