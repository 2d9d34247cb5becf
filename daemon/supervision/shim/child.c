// The hypervisor: fork, credentials, execution, its end.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervision/shim/kill_point.h"
#include "supervision/shim/shim.h"

static pid_t hypervisor = -1;
static uint64_t start_time;
static int unreaped;        // only as long as this holds does the pid surely mean our child
static int exec_pipe = -1;  // closed by a successful execution, else it brings a struct failure
static size_t exec_slot = POLLSET_NONE;
static char error_text[512];
static int error_number;

struct failure {
    int step, number;
};
enum { step_wait, step_session, step_fds, step_groups, step_gid, step_uid, step_check, step_exec };

char const* child_error(void) {
    return error_text;
}
int child_error_number(void) {
    return error_number;
}
pid_t child_pid(void) {
    return hypervisor;
}
uint64_t child_start_time(void) {
    return start_time;
}

static int fail(char const* what, int number) {
    error_number = number;
    snprintf(error_text, sizeof error_text, "%s: %s", what, strerror(number));
    return -1;
}

// -- in the child
// ------------------------------------------------------------------------------------------------------

static void give_up(int report, int step, int number) {
    struct failure const failure = {.step = step, .number = number};
    ssize_t const ignored = write(report, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

// Every descriptor here is close-on-exec already. Sources are first moved above all targets, so that no dup2 hits one.
static int arrange_fds(struct launch const* launch, int output_fd, int* report) {
    int above = 3;
    for (size_t i = 0; i < launch->child_fd_count; ++i) {
        if (launch->child_numbers[i] >= above) {
            above = launch->child_numbers[i] + 1;
        }
    }
    int const lock = fcntl(folder_vm_lock(), F_DUPFD, above);  // without close-on-exec: inherited
    int const reporter = fcntl(*report, F_DUPFD_CLOEXEC, above);
    int const output = fcntl(output_fd, F_DUPFD_CLOEXEC, above);
    int const input = open("/dev/null", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (lock < 0 || reporter < 0 || output < 0 || input < 0) {
        return -1;
    }
    *report = reporter;
    int moved[APIARY_SHIM_CHILD_FDS];
    for (size_t i = 0; i < launch->child_fd_count; ++i) {
        moved[i] = fcntl(launch->child_fds[i], F_DUPFD_CLOEXEC, above);
        if (moved[i] < 0) {
            return -1;
        }
    }
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) {
        return -1;
    }
    for (size_t i = 0; i < launch->child_fd_count; ++i) {
        if (dup2(moved[i], launch->child_numbers[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

static void drop_credentials(struct launch const* launch, int report) {
    if (geteuid() == 0) {
        if (setgroups(launch->group_count, launch->groups) != 0) {
            give_up(report, step_groups, errno);
        }
        if (setgid(launch->gid) != 0) {
            give_up(report, step_gid, errno);
        }
        if (setuid(launch->uid) != 0) {
            give_up(report, step_uid, errno);
        }
    }
    if (getuid() != launch->uid || geteuid() != launch->uid || getgid() != launch->gid || getegid() != launch->gid ||
        (launch->uid != 0 && setuid(0) == 0)) {
        give_up(report, step_check, EPERM);
    }
}

static void run(struct launch const* launch, int output_fd, int go, int report, sigset_t const* plain_mask) {
    char byte;
    ssize_t got;
    do {
        got = read(go, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) {
        give_up(report, step_wait, ECANCELED);  // the shim died, or could not write the pid record
    }
    if (setsid() < 0) {
        give_up(report, step_session, errno);
    }
    if (arrange_fds(launch, output_fd, &report) != 0) {
        give_up(report, step_fds, errno);
    }
    drop_credentials(launch, report);
    umask(027);
    for (int number = 1; number < NSIG; ++number) {
        signal(number, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, plain_mask, NULL);
    if (chdir("/") != 0) {
        give_up(report, step_exec, errno);
    }
    execve(launch->argv[0], launch->argv, launch->env);
    give_up(report, step_exec, errno);
}

// -- in the shim
// ---------------------------------------------------------------------------------------------------------

static int pipe_pair(int ends[2]) {
    return pipe2(ends, O_CLOEXEC);
}

static void reap_now(void) {
    while (waitpid(hypervisor, NULL, 0) < 0 && errno == EINTR) {
    }
    unreaped = 0;
}

int child_start(struct launch const* launch, char const* title, int output_fd, sigset_t const* plain_mask) {
    int report[2] = {-1, -1}, go[2] = {-1, -1};
    if (pipe_pair(report) != 0 || pipe_pair(go) != 0) {
        return fail("cannot make a pipe", errno);
    }
    snprintf(error_text, sizeof error_text, "%s", launch->argv[0]);  // for the report of a failed execution
    hypervisor = fork();
    if (hypervisor == 0) {
        close(go[1]);
        close(report[0]);
        run(launch, output_fd, go[0], report[1], plain_mask);
    }
    int const fork_error = errno;
    close(go[0]);
    close(report[1]);
    if (hypervisor < 0) {
        close(go[1]);
        close(report[0]);
        return fail("cannot fork", fork_error);
    }
    unreaped = 1;
    KILL_POINT("shim.forked");
    int const known = platform_start_time(hypervisor, &start_time) == 0;
    int const known_error = errno;
    if (!known || folder_write_pid(hypervisor, start_time, title) != 0) {
        close(go[1]);  // the child ends without having executed anything
        close(report[0]);
        reap_now();
        if (known) {
            error_number = EIO;
            snprintf(error_text, sizeof error_text, "%s", folder_error());
            return -1;
        }
        return fail("cannot tell the start time of the hypervisor's process", known_error);
    }
    KILL_POINT("shim.pid-written");
    ssize_t const ignored = write(go[1], "g", 1);
    (void)ignored;
    close(go[1]);
    fcntl(report[0], F_SETFL, O_NONBLOCK);
    exec_pipe = report[0];
    return 0;
}

void child_prepare(struct pollset* set) {
    exec_slot = pollset_add(set, exec_pipe, POLLIN);
}

static enum child_news not_executed(struct failure const* failure) {
    static char const* const steps[] = {
        "was not given leave to start",
        "cannot get a session of its own",
        "cannot be given its descriptors",
        "cannot be given its supplementary groups",
        "cannot be given its group",
        "cannot be given its user",
        "did not get the credentials that it must run with",
        "cannot be executed",
    };
    char path[256];
    snprintf(path, sizeof path, "%.255s", error_text);
    if (unreaped) {
        // Whoever hears of it may look who lives in the folder, and is to find nobody. It ends by itself, unless the
        // user that it has become stops it: then nothing would be heard from here any more.
        kill(hypervisor, SIGKILL);
        reap_now();
    }
    int const step = failure->step >= 0 && failure->step <= step_exec ? failure->step : step_exec;
    error_number = failure->number;
    snprintf(error_text, sizeof error_text, "%s %s: %s", path, steps[step], strerror(failure->number));
    return child_not_executed;
}

enum child_news child_check_exec(struct pollset const* set) {
    if (exec_pipe < 0 || (set && pollset_events(set, exec_slot) == 0)) {
        return child_nothing;
    }
    struct failure failure;
    ssize_t const got = read(exec_pipe, &failure, sizeof failure);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return child_nothing;
    }
    close(exec_pipe);
    exec_pipe = -1;
    return got == (ssize_t)sizeof failure ? not_executed(&failure) : child_executed;
}

enum child_news child_reap(struct end* end) {
    enum child_news news = child_nothing;
    // The leader of a dead group is looked at before it is reaped: until then the number of its group cannot be
    // anybody else's, and what it left behind in that group can be killed safely.
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (unreaped && waitid(P_PID, (id_t)hypervisor, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        kill(-hypervisor, SIGKILL);
    }
    for (;;) {
        int status;
        pid_t const pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0) {
            if (pid < 0 && errno == EINTR) {
                continue;
            }
            return news;
        }
        if (!unreaped || pid != hypervisor) {
            continue;  // something that the hypervisor had left behind
        }
        unreaped = 0;
        news = child_ended;
        end->kind = WIFSIGNALED(status) ? APIARY_KIND_SIGNALED : APIARY_KIND_EXITED;
        end->value = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
        end->core = WIFSIGNALED(status) && WCOREDUMP(status) ? 1 : 0;
    }
}

int child_signal(int number) {
    if (!unreaped || number < 1 || number >= NSIG) {
        return -1;
    }
    return kill(hypervisor, number);
}
