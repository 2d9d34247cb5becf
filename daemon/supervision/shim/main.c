// apiary-shim: the parent of one hypervisor process. What it does and says: protocol.h.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "supervision/shim/kill_point.h"
#include "supervision/shim/shim.h"

size_t pollset_add(struct pollset* set, int fd, short events) {
    if (fd < 0 || set->count == POLLSET_MAX) {
        return POLLSET_NONE;
    }
    set->fds[set->count] = (struct pollfd){.fd = fd, .events = events};
    return set->count++;
}

short pollset_events(struct pollset const* set, size_t index) {
    return index == POLLSET_NONE ? 0 : set->fds[index].revents;
}

void pollset_within(struct pollset* set, int milliseconds) {
    if (set->timeout_ms < 0 || milliseconds < set->timeout_ms) {
        set->timeout_ms = milliseconds;
    }
}

static void on_child(int number) {
    (void)number;
}

// Nobody but the hypervisor's end, and SIGKILL, ends the shim: a terminal or an over-eager service manager must not.
static void arrange_signals(sigset_t* waiting_mask, sigset_t* child_mask) {
    static int const ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGTERM, SIGALRM,
                                  SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; ++i) {
        signal(ignored[i], SIG_IGN);
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_child;
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, NULL);
    // SIGCHLD comes only while we wait: nothing is lost between looking and waiting.
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    sigemptyset(waiting_mask);
    sigemptyset(child_mask);
}

static int refuse_start(char const* why) {
    ssize_t const ignored = write(2, why, strlen(why));
    (void)ignored;
    return 2;
}

static int detach(void) {
    int type = 0;
    socklen_t size = sizeof type;
    platform_close_from(3);
    int const setup = getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET
                          ? fcntl(0, F_DUPFD_CLOEXEC, 3)
                          : -1;
    int const nowhere = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (setup < 0 || nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0) {
        return -1;
    }
    close(nowhere);
    umask(077);
    setsid();
    fcntl(setup, F_SETFL, fcntl(setup, F_GETFL) | O_NONBLOCK);
    return platform_adopt_orphans() == 0 && chdir("/") == 0 ? setup : -1;
}

static void look_after_child(struct pollset const* set) {
    static int executed_nothing;
    struct end end = {0};
    int const ended = child_reap(&end) == child_ended;
    // Once it has ended, whether it had been executed is known, whatever poll said before.
    enum child_news const news = child_check_exec(ended ? NULL : set);
    if (news != child_nothing) {
        executed_nothing = news == child_not_executed;
        control_child_news(news, NULL);
    }
    if (ended && !executed_nothing) {
        control_child_news(child_ended, &end);
    }
}

int main(int argc, char** argv) {
#ifndef APIARY_NO_KILL_POINTS
    if (argc == 2 && strcmp(argv[1], "--list-kill-points") == 0) {
        kill_points_list();
        return 0;
    }
#endif
    if (argc != 2) {
        return refuse_start("apiary-shim is started by apiaryd, once for each virtual machine.\n");
    }
    struct stat status;
    if (fstat(0, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return refuse_start("apiary-shim is started by apiaryd, with a socket as its standard input.\n");
    }
    // The first process ends at once: the shim is nobody's child, before and after a restart of the daemon alike.
    pid_t const pid = fork();
    if (pid != 0) {
        _exit(pid < 0 ? 1 : 0);
    }
    sigset_t waiting_mask, child_mask;
    arrange_signals(&waiting_mask, &child_mask);
    int const setup = detach();
    if (setup < 0) {
        _exit(1);
    }
    console_open(-1);
    control_setup(setup, argv[1], &child_mask);

    struct pollset set;
    while (!control_may_end()) {
        set.count = 0;
        set.timeout_ms = -1;
        control_prepare(&set);
        child_prepare(&set);
        log_prepare(&set);
        console_prepare(&set);
        struct timespec const timeout = {.tv_sec = set.timeout_ms / 1000,
                                         .tv_nsec = (long)(set.timeout_ms % 1000) * 1000000L};
        int const ready = ppoll(set.fds, (nfds_t)set.count, set.timeout_ms < 0 ? NULL : &timeout, &waiting_mask);
        if (ready < 0) {
            if (errno != EINTR) {
                nanosleep(&(struct timespec){.tv_nsec = 100000000L}, NULL);  // out of memory: not for long, one hopes
            }
            for (size_t i = 0; i < set.count; ++i) {
                set.fds[i].revents = 0;
            }
        }
        look_after_child(&set);
        log_dispatch(&set);
        console_dispatch(&set);
        control_dispatch(&set);
    }
    _exit(0);
}
