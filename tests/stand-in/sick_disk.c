// Preloaded into apiaryd: its state database lies on a disk that fails, whenever a test wants it to.
//
// SICK_DISK names a file. As long as that exists, the calls that it lists (open, read, write, sync) fail with EIO for
// files whose path has "/state.db" in it. SQLite cannot tell this from a real disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_listed(char const* call) {
    char const* const list = getenv("SICK_DISK");
    char text[128];
    int const fd = list ? (int)syscall(SYS_openat, AT_FDCWD, list, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return 0;
    }
    long const got = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    text[got > 0 ? got : 0] = '\0';
    return strstr(text, call) != NULL;
}

static int is_of_database(int fd) {
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t const size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    return strstr(path, "/state.db") != NULL;
}

static int fails(int fd, char const* call) {
    if (!is_listed(call) || !is_of_database(fd)) {
        return 0;
    }
    errno = EIO;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int open_unless_sick(char const* path, int flags, mode_t mode) {
    if (strstr(path, "/state.db") && is_listed("open")) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

#define OPEN(name)                                     \
    int name(char const* path, int flags, ...) {       \
        va_list arguments;                             \
        va_start(arguments, flags);                    \
        mode_t const mode = va_arg(arguments, mode_t); \
        va_end(arguments);                             \
        return open_unless_sick(path, flags, mode);    \
    }
OPEN(open)
OPEN(open64)

ssize_t pread64(int fd, void* to, size_t size, off64_t at) {
    return fails(fd, "read") ? -1 : NEXT(pread64)(fd, to, size, at);
}
ssize_t pread(int fd, void* to, size_t size, off_t at) {
    return fails(fd, "read") ? -1 : NEXT(pread)(fd, to, size, at);
}
ssize_t pwrite64(int fd, void const* from, size_t size, off64_t at) {
    return fails(fd, "write") ? -1 : NEXT(pwrite64)(fd, from, size, at);
}
ssize_t pwrite(int fd, void const* from, size_t size, off_t at) {
    return fails(fd, "write") ? -1 : NEXT(pwrite)(fd, from, size, at);
}
int fsync(int fd) {
    return fails(fd, "sync") ? -1 : NEXT(fsync)(fd);
}
int fdatasync(int fd) {
    return fails(fd, "sync") ? -1 : NEXT(fdatasync)(fd);
}
