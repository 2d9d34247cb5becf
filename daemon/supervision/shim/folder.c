// The run folder: its locks, its socket, the pid record and the exit record. The shim's working directory is the
// folder, so that the length of its path does not matter to the socket's address.
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "supervision/shim/kill_point.h"
#include "supervision/shim/shim.h"

static int shim_lock = -1, vm_lock = -1, listener = -1;
static char error_text[512];
static char boot_id[64];
static uint64_t launch_number;
static char const exit_file[] = "exit", exit_tmp[] = "exit.tmp", pid_file[] = "pid", pid_tmp[] = "pid.tmp",
                  socket_file[] = "sock";

enum { record_size = 512 };

char const* folder_error(void) {
    return error_text;
}
int folder_listener(void) {
    return listener;
}
uint64_t folder_launch(void) {
    return launch_number;
}
int folder_vm_lock(void) {
    return vm_lock;
}

__attribute__((format(printf, 1, 2))) static int fail(char const* format, ...) {
    int const number = errno;
    va_list arguments;
    va_start(arguments, format);
    int const used = vsnprintf(error_text, sizeof error_text, format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof error_text) {
        snprintf(error_text + used, sizeof error_text - (size_t)used, ": %s", strerror(number));
    }
    return -1;
}

static int take_lock(char const* name, char const* held_by) {
    int const fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fail("cannot open %s in the run folder", name);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int const busy = errno == EWOULDBLOCK;
        fail("cannot lock %s in the run folder", name);
        if (busy) {
            snprintf(error_text, sizeof error_text, "%s still lives in the run folder (it holds %s)", held_by, name);
        }
        close(fd);
        return -1;
    }
    return fd;
}

static int write_all(int fd, char const* text, size_t size) {
    while (size > 0) {
        ssize_t const put = write(fd, text, size);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return -1;
        }
        text += put;
        size -= (size_t)put;
    }
    return 0;
}

// The exit record's space is taken while there still is some: at the end nothing needs to be allocated any more.
static int reserve_exit_record(void) {
    char blank[record_size];
    memset(blank, '\n', sizeof blank);
    int const fd = open(exit_tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write_all(fd, blank, sizeof blank) != 0) {
        fail("cannot reserve room for the exit record in the run folder");
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    close(fd);
    return 0;
}

static int listen_here(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, socket_file, sizeof socket_file);
    unlink(socket_file);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t const before = umask(0177);
    int const bound = listener >= 0 ? bind(listener, (struct sockaddr const*)&address, (socklen_t)sizeof address) : -1;
    umask(before);
    if (bound != 0 || listen(listener, 16) != 0) {
        return fail("cannot listen on the control socket in the run folder");
    }
    return 0;
}

static int no_ticket(void) {
    if (errno != ENOENT) {
        return fail("cannot take the leave to start from the run folder");
    }
    snprintf(error_text, sizeof error_text, "this launch was called off before its shim had come to it");
    return -1;
}

int folder_enter(char const* path, char const* ticket, uint64_t launch) {
    launch_number = launch;
    int const folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        return fail("cannot open the run folder %s", path);
    }
    struct stat status;
    int const unsafe = fstat(folder, &status) != 0 || status.st_uid != geteuid() || (status.st_mode & 077) != 0;
    int const entered = fchdir(folder);
    close(folder);
    if (unsafe) {
        errno = EPERM;
        return fail("the run folder %s is open to others", path);
    }
    if (entered != 0) {
        return fail("cannot enter the run folder %s", path);
    }
    if (platform_boot_id(boot_id, sizeof boot_id) != 0) {
        return fail("cannot tell which boot of the host this is");
    }
    // Who comes too late does not even touch the lock, which others may be looking at by now.
    if (ticket && access(ticket, F_OK) != 0) {
        return no_ticket();
    }
    // The lock before the ticket: protocol.h says why. Nothing of an earlier launch is touched before both are ours.
    shim_lock = take_lock("shim.lock", "another shim");
    if (shim_lock < 0) {
        return -1;
    }
    KILL_POINT("shim.locked");
    if (ticket && unlink(ticket) != 0) {
        return no_ticket();
    }
    KILL_POINT("shim.ticket-taken");
    vm_lock = take_lock("vm.lock", "a hypervisor, or something that it left behind,");
    if (vm_lock < 0) {
        return -1;
    }
    unlink(exit_file);
    unlink(pid_file);
    return reserve_exit_record() == 0 && listen_here() == 0 ? 0 : -1;
}

void folder_drop_vm_lock(void) {
    if (vm_lock >= 0) {
        close(vm_lock);
        vm_lock = -1;
    }
}

int folder_write_pid(pid_t pid, uint64_t start, char const* title) {
    char text[record_size];
    int const size =
        snprintf(text, sizeof text, "apiary-pid 1\nboot %s\npid %ld\nstart %llu\nlaunch %llu\ntitle %.256s\nend\n",
                 boot_id, (long)pid, (unsigned long long)start, (unsigned long long)launch_number, title);
    int const fd = open(pid_tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    // No fsync: after a crash of the host the boot id makes it void anyway.
    int const written = fd >= 0 && write_all(fd, text, (size_t)size) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return written && rename(pid_tmp, pid_file) == 0 ? 0 : fail("cannot write the pid record in the run folder");
}

int folder_write_exit(pid_t pid, uint64_t start, struct end const* end) {
    static char const* const kinds[] = {"exited", "signaled", "exec-failed"};
    char text[record_size];
    int const size =
        snprintf(text, sizeof text,
                 "apiary-exit 1\nboot %s\npid %ld\nstart %llu\nlaunch %llu\nkind %s\nvalue %ld\ncore %lu\n"
                 "dropped %llu\nend\n",
                 boot_id, (long)pid, (unsigned long long)start, (unsigned long long)launch_number, kinds[end->kind],
                 (long)end->value, (unsigned long)end->core, (unsigned long long)end->dropped);
    int const fd = open(exit_tmp, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -1;
    }
    // No fsync either: its room was taken at the start, and it is of use for as long as this boot of the host lasts.
    int const written = write_all(fd, text, (size_t)size) == 0 && ftruncate(fd, size) == 0;
    close(fd);
    return written && rename(exit_tmp, exit_file) == 0 ? 0 : -1;
}

void folder_leave(void) {
    if (listener >= 0) {
        close(listener);
        listener = -1;
        unlink(socket_file);
    }
    if (shim_lock >= 0) {
        close(shim_lock);
        shim_lock = -1;
    }
}
