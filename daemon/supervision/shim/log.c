// What the hypervisor prints: from its pipe into the log. The pipe is always drained, whatever becomes of the log; what
// could not be kept is counted, and said in the log as soon as that can be written again.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervision/shim/shim.h"

static int source = -1, sink = -1;
static size_t slot = POLLSET_NONE;
static uint64_t bound, kept, dropped, unreported;
static int full;  // the bound was reached

enum { chunk_size = 4096, chunks_per_turn = 16, chunks_at_end = 1024 };

int log_open(int log_fd, uint64_t log_bound) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    source = ends[0];
    sink = log_fd;
    bound = log_bound;
    return ends[1];
}

// How much of it was taken.
static size_t put(char const* text, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t const wrote = write(sink, text + done, size - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            break;
        }
        done += (size_t)wrote;
    }
    return done;
}

static void note(uint64_t bytes, char const* why) {
    char line[128];
    int const size =
        snprintf(line, sizeof line, "\n[apiary: %llu bytes were lost here: %s]\n", (unsigned long long)bytes, why);
    if (put(line, (size_t)size) == (size_t)size) {
        unreported = 0;
    }
}

static void keep(char const* text, size_t size) {
    if (sink < 0 || full) {
        dropped += size;
        return;
    }
    if (unreported > 0) {
        note(unreported, "the log could not be written");
    }
    size_t const wanted = size < bound - kept ? size : (size_t)(bound - kept);
    size_t const done = unreported > 0 ? 0 : put(text, wanted);
    kept += done;
    dropped += size - done;
    if (done < wanted) {
        unreported += wanted - done;
    } else if (wanted < size) {
        char line[128];
        int const length =
            snprintf(line, sizeof line, "\n[apiary: %llu bytes of output are kept of one run; the rest is lost]\n",
                     (unsigned long long)bound);
        put(line, (size_t)length);
        full = 1;
    }
}

static void drain(int chunks) {
    char text[chunk_size];
    for (int i = 0; source >= 0 && i < chunks; ++i) {
        ssize_t const got = read(source, text, sizeof text);
        if (got > 0) {
            keep(text, (size_t)got);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(source);
            source = -1;
        } else {
            return;
        }
    }
}

void log_prepare(struct pollset* set) {
    slot = pollset_add(set, source, POLLIN);
}

void log_dispatch(struct pollset const* set) {
    if (pollset_events(set, slot) != 0) {
        drain(chunks_per_turn);
    }
}

void log_finish(void) {
    drain(chunks_at_end);  // something that outlives the hypervisor may print for ever
    if (source >= 0) {
        close(source);
        source = -1;
    }
    if (sink >= 0 && full) {
        note(dropped, "the bound of one run");
    } else if (sink >= 0 && unreported > 0) {
        note(unreported, "the log could not be written");
    }
    if (sink >= 0) {
        close(sink);
        sink = -1;
    }
}

uint64_t log_dropped(void) {
    return dropped;
}
