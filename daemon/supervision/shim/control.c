// Connections of daemons: greeting, requests, news of the hypervisor. Who sends nonsense is dropped, and so is who does
// not take what it is told: the truth is in the run folder.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervision/shim/kill_point.h"
#include "supervision/shim/shim.h"

enum { peers_max = 8, packets_per_turn = 16, flush_ms = 2000, retry_accept_ms = 1000 };

struct peer {
    int fd;  // -1: free
    int setup;
    size_t slot;
};

static struct peer peers[peers_max];
static size_t listener_slot = POLLSET_NONE;
static uint64_t accept_again_at;
static uint32_t phase = APIARY_PHASE_WAITING;
static struct launch* launch;
static char const* title;
static sigset_t const* child_mask;
static struct end end_of_child;
static int recorded, told;  // the exit record is written; somebody took note of the end
static int refused;         // nothing was started, and the folder is not ours
static uint64_t flush_until;
static struct received incoming;

static void drop(struct peer* peer) {
    close(peer->fd);
    peer->fd = -1;
    peer->setup = 0;
}

static void add_end(struct packet* packet) {
    packet_u32(packet, APIARY_FIELD_KIND, end_of_child.kind);
    packet_i32(packet, APIARY_FIELD_VALUE, end_of_child.value);
    packet_u32(packet, APIARY_FIELD_CORE, end_of_child.core);
    packet_u64(packet, APIARY_FIELD_DROPPED, end_of_child.dropped);
}

static void add_process(struct packet* packet) {
    packet_i32(packet, APIARY_FIELD_PID, (int32_t)child_pid());
    packet_u64(packet, APIARY_FIELD_START, child_start_time());
}

static void tell(struct packet const* packet) {
    for (struct peer* peer = peers; peer < peers + peers_max; ++peer) {
        if (peer->fd >= 0 && packet_send(packet, peer->fd) != 0) {
            drop(peer);
        }
    }
}

static void welcome(int fd, int setup) {
    struct peer* peer = peers;
    while (peer < peers + peers_max && peer->fd >= 0) {
        ++peer;
    }
    if (peer == peers + peers_max) {
        close(fd);
        return;
    }
    struct packet packet;
    packet_begin(&packet, APIARY_MSG_GREETING, 0);
    packet_u32(&packet, APIARY_FIELD_VERSION, APIARY_SHIM_VERSION);
    packet_i32(&packet, APIARY_FIELD_SHIM_PID, (int32_t)getpid());
    packet_u32(&packet, APIARY_FIELD_PHASE, phase);
    if (phase != APIARY_PHASE_WAITING) {
        add_process(&packet);
        packet_u64(&packet, APIARY_FIELD_NUMBER, folder_launch());
    }
    if (phase == APIARY_PHASE_ENDED) {
        add_end(&packet);
    }
    peer->fd = fd;
    peer->setup = setup;
    peer->slot = POLLSET_NONE;
    if (packet_send(&packet, fd) != 0) {
        drop(peer);
    }
}

void control_setup(int fd, char const* vm_title, sigset_t const* plain_mask) {
    for (size_t i = 0; i < peers_max; ++i) {
        peers[i].fd = -1;
        peers[i].slot = POLLSET_NONE;
    }
    title = vm_title;
    child_mask = plain_mask;
    launch = launch_new();
    welcome(fd, 1);
    KILL_POINT("shim.greeted");
}

static void tell_exec_failed(int number, char const* text) {
    struct packet packet;
    packet_begin(&packet, APIARY_MSG_EXEC_FAILED, 0);
    packet_i32(&packet, APIARY_FIELD_VALUE, number);
    packet_add(&packet, APIARY_FIELD_TEXT, text, strlen(text));
    tell(&packet);
}

static void refuse(int number, char const* text) {
    tell_exec_failed(number, text);
    refused = 1;
}

static void start(void) {
    KILL_POINT("shim.launch-taken");
    if (folder_enter(launch->run_dir, launch->ticket, launch->number) != 0) {
        refuse(EIO, folder_error());
        return;
    }
    KILL_POINT("shim.folder-entered");
    int const output = log_open(launch->log_fd, launch->log_bound);
    launch->log_fd = -1;  // log.c's now
    if (output < 0) {
        refuse(errno, "cannot make a pipe for the hypervisor's output");
        return;
    }
    if (child_start(launch, title, output, child_mask) != 0) {
        close(output);
        folder_leave();
        refuse(child_error_number(), child_error());
        return;
    }
    close(output);
    folder_drop_vm_lock();
    console_open(launch->console_fd);
    launch->console_fd = -1;
    launch_free(launch);
    launch = NULL;
    phase = APIARY_PHASE_STARTING;
    KILL_POINT("shim.child-started");
}

static void answer(struct peer* peer, uint32_t request, uint32_t result) {
    struct packet packet;
    packet_begin(&packet, APIARY_MSG_ANSWER, request);
    packet_u32(&packet, APIARY_FIELD_RESULT, result);
    if (packet_send(&packet, peer->fd) != 0) {
        drop(peer);
    }
}

// What the requests carry; -1: malformed.
struct request {
    uint32_t value, writer, force;
    int viewer, have_value;
};

static int take_request(struct request* request) {
    struct apiary_field field;
    unsigned char const* data;
    int more;
    memset(request, 0, sizeof *request);
    request->viewer = -1;
    while ((more = received_next(&incoming, &field, &data)) > 0) {
        int fault = 0;
        switch (field.type) {
            case APIARY_FIELD_VALUE:
                fault = field_u32(&field, data, &request->value);
                request->have_value = 1;
                break;
            case APIARY_FIELD_WRITER:
                fault = field_u32(&field, data, &request->writer);
                break;
            case APIARY_FIELD_FORCE:
                fault = field_u32(&field, data, &request->force);
                break;
            case APIARY_FIELD_VIEWER_FD:
                fault = request->viewer >= 0 || (request->viewer = received_take_fd(&incoming)) < 0;
                break;
            default:
                break;
        }
        if (fault) {
            more = -1;
            break;
        }
    }
    if (more < 0 && request->viewer >= 0) {
        close(request->viewer);
    }
    return more;
}

static int handle_launch(struct peer* peer) {
    if (!peer->setup || !launch || launch_take(launch, &incoming) != 0) {
        return -1;
    }
    if (launch->complete) {
        peer->setup = 0;
        start();
    }
    return 0;
}

static int handle(struct peer* peer) {
    uint16_t const type = incoming.header.type;
    uint32_t const number = incoming.header.request;
    struct request request;
    if (type == APIARY_MSG_LAUNCH) {
        return handle_launch(peer);
    }
    if (take_request(&request) < 0) {
        return -1;
    }
    if (type == APIARY_MSG_ATTACH && request.viewer >= 0) {
        int const late = phase == APIARY_PHASE_WAITING || phase == APIARY_PHASE_ENDED;
        if (late) {
            close(request.viewer);
        }
        answer(peer, number,
               late ? APIARY_RESULT_GONE : console_attach(request.viewer, request.writer != 0, request.force != 0));
        return 0;
    }
    if (request.viewer >= 0) {
        close(request.viewer);
    }
    if (type == APIARY_MSG_ATTACH || (type == APIARY_MSG_SIGNAL && !request.have_value)) {
        return -1;
    }
    if (type == APIARY_MSG_SIGNAL) {
        answer(peer, number, child_signal((int)request.value) == 0 ? APIARY_RESULT_DONE : APIARY_RESULT_GONE);
    } else if (type == APIARY_MSG_FORGET && phase == APIARY_PHASE_ENDED) {
        told = 1;
    }
    return 0;
}

static void serve(struct peer* peer) {
    for (int i = 0; peer->fd >= 0 && i < packets_per_turn; ++i) {
        enum receive_result const result = receive(peer->fd, &incoming);
        if (result == receive_nothing) {
            return;
        }
        int const bad = result != receive_packet || handle(peer) != 0;
        if (result == receive_packet) {
            received_close(&incoming);
        }
        if (bad && peer->fd >= 0) {
            drop(peer);
        }
    }
}

static void accept_peer(void) {
    int const fd = accept4(folder_listener(), NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            accept_again_at = now_ms() + retry_accept_ms;
        }
        return;
    }
    uid_t uid = 0;
    if (platform_peer_uid(fd, &uid) != 0 || (uid != 0 && uid != geteuid())) {
        close(fd);
        return;
    }
    welcome(fd, 0);
}

void control_prepare(struct pollset* set) {
    for (struct peer* peer = peers; peer < peers + peers_max; ++peer) {
        peer->slot = pollset_add(set, peer->fd, POLLIN);
    }
    listener_slot = POLLSET_NONE;
    uint64_t const now = accept_again_at != 0 || flush_until != 0 ? now_ms() : 0;
    if (accept_again_at > now) {
        pollset_within(set, (int)(accept_again_at - now));
    } else {
        accept_again_at = 0;
        listener_slot = pollset_add(set, folder_listener(), POLLIN);
    }
    if (flush_until != 0) {
        pollset_within(set, flush_until > now ? (int)(flush_until - now) : 0);
    }
}

void control_dispatch(struct pollset const* set) {
    for (struct peer* peer = peers; peer < peers + peers_max; ++peer) {
        if (peer->fd >= 0 && pollset_events(set, peer->slot) != 0) {
            serve(peer);
        }
    }
    if (pollset_events(set, listener_slot) != 0) {
        accept_peer();
    }
}

static void end_run(struct end const* end) {
    log_finish();
    console_finish();
    end_of_child = *end;
    end_of_child.dropped = log_dropped();
    phase = APIARY_PHASE_ENDED;
    KILL_POINT("shim.child-ended");
    recorded = folder_write_exit(child_pid(), child_start_time(), &end_of_child) == 0;
    // The folder is let go of before anybody is told: who hears of the end may start the VM again at once.
    KILL_POINT("shim.exit-written");
    if (recorded) {
        folder_leave();
        KILL_POINT("shim.folder-left");
    }
}

void control_child_news(enum child_news news, struct end const* end) {
    struct packet packet;
    if (news == child_executed) {
        phase = APIARY_PHASE_RUNNING;
        KILL_POINT("shim.child-executed");
        packet_begin(&packet, APIARY_MSG_STARTED, 0);
        add_process(&packet);
        tell(&packet);
    } else if (news == child_not_executed) {
        struct end const failed = {.kind = APIARY_KIND_EXEC_FAILED, .value = child_error_number()};
        end_run(&failed);
        tell_exec_failed(child_error_number(), child_error());
    } else if (news == child_ended) {
        end_run(end);
        packet_begin(&packet, APIARY_MSG_EXITED, 0);
        add_process(&packet);
        add_end(&packet);
        tell(&packet);
        KILL_POINT("shim.end-told");
    }
    if (phase == APIARY_PHASE_ENDED) {
        flush_until = recorded ? now_ms() + flush_ms : 0;
        for (struct peer* peer = peers; recorded && peer < peers + peers_max; ++peer) {
            if (peer->fd >= 0) {
                drop(peer);
            }
        }
    }
}

// The setup connection was lost, however that came about: nobody will complete the launch record.
static int forsaken(void) {
    int waits = phase == APIARY_PHASE_WAITING;
    for (struct peer const* peer = peers; waits && peer < peers + peers_max; ++peer) {
        waits = peer->fd < 0 || !peer->setup;
    }
    return waits;
}

int control_may_end(void) {
    if (refused || forsaken()) {
        return 1;
    }
    if (phase != APIARY_PHASE_ENDED) {
        return 0;
    }
    return told || (recorded && (console_flushed() || now_ms() >= flush_until));
}
