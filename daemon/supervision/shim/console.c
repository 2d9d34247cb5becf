// The guest's console: always drained into a ring, from which each viewer reads at its own pace; what a slow one lost
// is told to it. One viewer may write; its input is taken only as fast as the guest takes it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "supervision/shim/shim.h"

enum { ring_size = 65536, input_size = 4096, viewers_max = 16, retry_ms = 1000, turns = 16 };

struct viewer {
    int fd;           // -1: free
    uint64_t at;      // the next byte of the guest's output for it
    char marker[64];  // goes out before that byte
    size_t marker_at, marker_size;
    int hung_up;  // it is gone, but what it typed is not all read yet
    size_t slot;
};

static int guest = -1;
static int have_console;
static uint64_t retry_at;  // the other end of a terminal may be opened later: nothing tells us when
static size_t guest_slot = POLLSET_NONE;
static char ring[ring_size];
static uint64_t produced;
static char input[input_size];
static size_t input_at, input_end;
static struct viewer viewers[viewers_max];
static struct viewer* writer;

uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

void console_open(int fd) {
    for (size_t i = 0; i < viewers_max; ++i) {
        viewers[i].fd = -1;
        viewers[i].slot = POLLSET_NONE;
    }
    if (fd >= 0) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        guest = fd;
        have_console = 1;
    }
}

static void drop_viewer(struct viewer* viewer) {
    close(viewer->fd);
    viewer->fd = -1;
    if (writer == viewer) {
        writer = NULL;
    }
}

// -- output ----------------------------------------------------------------------------------------------------------

static void produce(char const* text, size_t size) {
    while (size > 0) {
        size_t const at = (size_t)(produced % ring_size);
        size_t const part = size < ring_size - at ? size : ring_size - at;
        memcpy(ring + at, text, part);
        produced += part;
        text += part;
        size -= part;
    }
}

static void lose_guest(void) {
    close(guest);
    guest = -1;
    input_at = input_end = 0;
}

static void read_guest(int chunks) {
    char text[4096];
    for (int i = 0; guest >= 0 && i < chunks; ++i) {
        ssize_t const got = read(guest, text, sizeof text);
        if (got > 0) {
            produce(text, (size_t)got);
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (got < 0 && errno == EIO) {  // a terminal that nobody has open
            retry_at = now_ms() + retry_ms;
            return;
        }
        lose_guest();
    }
}

static int viewer_waits(struct viewer const* viewer) {
    return viewer->marker_at < viewer->marker_size || viewer->at < produced;
}

// -1: it is gone. 0: it takes no more now, or has all.
static int send_part(struct viewer* viewer, char const* text, size_t size, size_t* taken) {
    ssize_t const sent = send(viewer->fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOBUFS ? 0 : -1;
    }
    *taken = (size_t)sent;
    return 1;
}

static int feed(struct viewer* viewer) {
    size_t taken = 0;
    int result = 1;
    while (result > 0 && viewer_waits(viewer)) {
        if (viewer->marker_at < viewer->marker_size) {
            result =
                send_part(viewer, viewer->marker + viewer->marker_at, viewer->marker_size - viewer->marker_at, &taken);
            viewer->marker_at += result > 0 ? taken : 0;
            continue;
        }
        if (produced - viewer->at > ring_size) {
            uint64_t const lost = produced - ring_size - viewer->at;
            viewer->at += lost;
            viewer->marker_at = 0;
            viewer->marker_size = (size_t)snprintf(viewer->marker, sizeof viewer->marker,
                                                   "\r\n[apiary: %llu bytes lost]\r\n", (unsigned long long)lost);
            continue;
        }
        size_t const at = (size_t)(viewer->at % ring_size);
        uint64_t const left = produced - viewer->at;
        size_t const part = left < ring_size - at ? (size_t)left : ring_size - at;
        result = send_part(viewer, ring + at, part, &taken);
        viewer->at += result > 0 ? taken : 0;
    }
    return result;
}

// -- input -----------------------------------------------------------------------------------------------------------

static void write_guest(void) {
    while (guest >= 0 && input_at < input_end) {
        ssize_t const wrote = write(guest, input + input_at, input_end - input_at);
        if (wrote > 0) {
            input_at += (size_t)wrote;
        } else if (wrote < 0 && errno == EINTR) {
            continue;
        } else if (wrote < 0 && (errno == EAGAIN || errno == EIO)) {
            return;
        } else {
            lose_guest();
        }
    }
}

static int input_has_room(void) {
    return input_at == input_end;
}

static void read_writer(void) {
    ssize_t const got = recv(writer->fd, input, sizeof input, MSG_DONTWAIT);
    if (got > 0) {
        input_at = 0;
        input_end = (size_t)got;
        if (guest < 0) {
            input_end = 0;
        }
        write_guest();
    } else if (got == 0) {
        // It will type no more, but may go on reading; whether it is gone altogether is POLLHUP's to say.
        struct viewer* const viewer = writer;
        writer = NULL;
        if (viewer->hung_up) {
            drop_viewer(viewer);
        }
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        drop_viewer(writer);
    }
}

// -- viewers ---------------------------------------------------------------------------------------------------------

uint32_t console_attach(int fd, int writes, int force) {
    struct stat status;
    int type = 0;
    socklen_t size = sizeof type;
    uint32_t refused = APIARY_RESULT_DONE;
    struct viewer* free_slot = NULL;
    for (size_t i = 0; i < viewers_max && !free_slot; ++i) {
        free_slot = viewers[i].fd < 0 ? &viewers[i] : NULL;
    }
    int const taken = writes && writer && !writer->hung_up;
    if (!have_console) {
        refused = APIARY_RESULT_NO_CONSOLE;
    } else if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode) ||
               getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
        refused = APIARY_RESULT_GONE;
    } else if (!free_slot || (taken && !force)) {
        refused = APIARY_RESULT_BUSY;
    }
    if (refused != APIARY_RESULT_DONE) {
        close(fd);
        return refused;
    }
    if (writes && writer && writer->hung_up) {
        drop_viewer(writer);
    }
    memset(free_slot, 0, sizeof *free_slot);
    free_slot->fd = fd;
    free_slot->at = produced > ring_size ? produced - ring_size : 0;
    free_slot->slot = POLLSET_NONE;
    if (writes) {
        writer = free_slot;
    }
    return APIARY_RESULT_DONE;
}

static void prepare_guest(struct pollset* set) {
    guest_slot = POLLSET_NONE;
    if (guest < 0) {
        return;
    }
    if (retry_at != 0) {
        uint64_t const now = now_ms();
        if (now < retry_at) {
            pollset_within(set, (int)(retry_at - now));
            return;
        }
        retry_at = 0;
    }
    guest_slot = pollset_add(set, guest, (short)(POLLIN | (input_at < input_end ? POLLOUT : 0)));
}

void console_prepare(struct pollset* set) {
    prepare_guest(set);
    for (struct viewer* viewer = viewers; viewer < viewers + viewers_max; ++viewer) {
        viewer->slot = POLLSET_NONE;
        if (viewer->fd < 0) {
            continue;
        }
        short events = !viewer->hung_up && viewer_waits(viewer) ? POLLOUT : 0;
        if (viewer == writer && input_has_room()) {
            events = (short)(events | POLLIN);
        }
        // Hang-up cannot be masked: who is gone is looked at again only when there is something to do about it.
        if (!viewer->hung_up || events != 0) {
            viewer->slot = pollset_add(set, viewer->fd, events);
        }
    }
}

static void dispatch_viewer(struct pollset const* set, struct viewer* viewer) {
    short const events = pollset_events(set, viewer->slot);
    if (viewer->fd < 0 || events == 0) {
        return;
    }
    if ((events & (POLLHUP | POLLERR | POLLNVAL)) != 0) {
        viewer->hung_up = 1;
        if (viewer != writer || (events & POLLNVAL) != 0) {
            drop_viewer(viewer);
            return;
        }
    }
    if (!viewer->hung_up && (events & POLLOUT) != 0 && feed(viewer) < 0) {
        drop_viewer(viewer);
        return;
    }
    if (viewer == writer && input_has_room() && (events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        read_writer();
    }
}

void console_dispatch(struct pollset const* set) {
    short const events = pollset_events(set, guest_slot);
    if ((events & POLLOUT) != 0) {
        write_guest();
    }
    if ((events & ~POLLOUT) != 0) {
        read_guest(turns);
    }
    for (struct viewer* viewer = viewers; viewer < viewers + viewers_max; ++viewer) {
        dispatch_viewer(set, viewer);
    }
}

void console_finish(void) {
    read_guest(turns * turns);
    if (guest >= 0) {
        lose_guest();
    }
}

int console_flushed(void) {
    for (struct viewer* viewer = viewers; viewer < viewers + viewers_max; ++viewer) {
        if (viewer->fd >= 0 && !viewer->hung_up && viewer_waits(viewer)) {
            return 0;
        }
    }
    return 1;
}
