// apiary-opener: takes on the identity of the user who asked for a file in his configuration, opens it, and hands the
// descriptor back. So a path in his file can reach what he could reach himself and nothing else; and a file server that
// hangs holds up this process, not the daemon.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervision/opener/opener.h"

enum { control_socket = 0 };

static void reply(struct apiary_opener_reply const* text, int fd) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct apiary_opener_reply copy = *text;
    struct iovec data = {.iov_base = &copy, .iov_len = sizeof copy};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (fd >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(part), &fd, sizeof fd);
    }
    if (sendmsg(control_socket, &message, MSG_NOSIGNAL) < 0) {
        _exit(1);
    }
}

static int become(struct apiary_opener_identity const* identity, gid_t const* groups) {
    if (geteuid() == 0 && identity->uid != 0 &&
        (setgroups(identity->group_count, groups) != 0 || setgid(identity->gid) != 0 || setuid(identity->uid) != 0)) {
        return -1;
    }
    if (getuid() != identity->uid || geteuid() != identity->uid) {
        errno = EPERM;
        return -1;
    }
    if (identity->uid != 0 && setuid(0) == 0) {
        errno = EPERM;
        return -1;
    }
    return 0;
}

static int fits(uint32_t operation, mode_t mode) {
    if (S_ISREG(mode)) {
        return 1;
    }
    switch (operation) {
        case APIARY_OPEN_DISK_RW:
        case APIARY_OPEN_DISK_RO:
            return S_ISBLK(mode) || S_ISCHR(mode);  // FreeBSD's disks are character devices
        case APIARY_OPEN_IMAGE:
            return S_ISBLK(mode);
        default:
            return 0;
    }
}

static void serve(uint32_t operation, char const* path) {
    // O_NONBLOCK: a FIFO must not hold us; it is taken back before the descriptor is handed on.
    int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    if (operation == APIARY_OPEN_DISK_RW) {
        flags |= O_RDWR;
    } else if (operation == APIARY_OPEN_LOG) {
        flags |= O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW;  // read: for the last words of a hypervisor that gave up
    } else {
        flags |= O_RDONLY;
    }
    struct apiary_opener_reply answer = {0};
    int fd = open(path, flags, 0640);
    if (fd < 0 && errno == EACCES && operation == APIARY_OPEN_LOG) {
        fd = open(path, (flags & ~O_RDWR) | O_WRONLY, 0640);
    }
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        answer.fault = APIARY_OPENER_REFUSED;
        answer.error = errno;
    } else if (!fits(operation, status.st_mode)) {
        answer.fault = APIARY_OPENER_WRONG_TYPE;
        answer.mode = status.st_mode;
    } else if (operation == APIARY_OPEN_LOG && status.st_uid != geteuid()) {
        answer.fault = APIARY_OPENER_NOT_HIS;
    } else {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    }
    reply(&answer, answer.fault == APIARY_OPENER_NONE ? fd : -1);
    if (fd >= 0) {
        close(fd);
    }
}

static ssize_t next_packet(void* into, size_t size) {
    ssize_t got;
    do {
        got = recv(control_socket, into, size, 0);
    } while (got < 0 && errno == EINTR);
    return got;
}

int main(void) {
    static struct {
        struct apiary_opener_identity identity;
        gid_t groups[APIARY_OPENER_GROUPS_MAX];
    } who;
    static struct {
        struct apiary_opener_request request;
        char path[APIARY_OPENER_PATH_MAX + 1];
    } wish;
    umask(0);  // the modes that we ask for are the modes that we want
    ssize_t got = next_packet(&who, sizeof who);
    if (got < (ssize_t)sizeof who.identity || who.identity.group_count > APIARY_OPENER_GROUPS_MAX ||
        (size_t)got != sizeof who.identity + who.identity.group_count * sizeof(gid_t)) {
        static char const why[] = "apiary-opener is started by apiaryd.\n";
        got = write(2, why, sizeof why - 1);
        return 2;
    }
    int const identity_error = become(&who.identity, who.groups) == 0 ? 0 : errno;
    for (;;) {
        got = next_packet(&wish, sizeof wish);
        if (got <= (ssize_t)sizeof wish.request || (size_t)got == sizeof wish) {
            return got == 0 ? 0 : 1;
        }
        wish.path[(size_t)got - sizeof wish.request] = '\0';
        if (identity_error != 0) {
            struct apiary_opener_reply const answer = {.fault = APIARY_OPENER_IDENTITY, .error = identity_error};
            reply(&answer, -1);
            continue;
        }
        serve(wish.request.operation, wish.path);
    }
}
