// What only Linux does this way.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervision/shim/shim.h"

int platform_adopt_orphans(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void platform_close_from(int lowest) {
    if (syscall(SYS_close_range, (unsigned)lowest, ~0u, 0u) == 0) {
        return;
    }
    long const limit = sysconf(_SC_OPEN_MAX);
    for (int fd = lowest; fd < limit; ++fd) {
        close(fd);
    }
}

int platform_peer_uid(int fd, uid_t* uid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return -1;
    }
    *uid = peer.uid;
    return 0;
}

static ssize_t read_file(char const* path, char* text, size_t size) {
    int const fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    ssize_t const got = read(fd, text, size - 1);
    close(fd);
    if (got <= 0) {
        return -1;
    }
    text[got] = '\0';
    return got;
}

int platform_start_time(pid_t pid, uint64_t* start) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (read_file(path, text, sizeof text) < 0) {
        return -1;
    }
    // The second field is the program's name in parentheses, and may hold anything: count from its end.
    char* at = strrchr(text, ')');
    for (int field = 2; at && field < 22; ++field) {
        at = strchr(at + 1, ' ');
    }
    if (!at) {
        return -1;
    }
    *start = strtoull(at + 1, NULL, 10);
    return 0;
}

int platform_boot_id(char* text, size_t size) {
    ssize_t const got = read_file("/proc/sys/kernel/random/boot_id", text, size);
    if (got < 0) {
        return -1;
    }
    text[strcspn(text, "\n")] = '\0';
    return 0;
}
