// The parts of apiary-shim. One process, one hypervisor, so each part keeps its own static state.
#pragma once

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervision/protocol.h"

// -- shim_linux.c (and its likes): what each system does in its own way ------------------------------------------
int platform_adopt_orphans(void);                     // descendants that lose their parent become ours
void platform_close_from(int lowest);                 // closes every descriptor >= lowest
int platform_peer_uid(int fd, uid_t* uid);            // who connected; -1: cannot be known
int platform_start_time(pid_t pid, uint64_t* start);  // -1: no such process
int platform_boot_id(char* text, size_t size);        // -1: unknown

// -- poll set: filled by each part before each wait, read by it afterwards ----------------------------------------
#define POLLSET_MAX 64
struct pollset {
    struct pollfd fds[POLLSET_MAX];
    size_t count;
    int timeout_ms;  // -1: none
};
#define POLLSET_NONE ((size_t)-1)
size_t pollset_add(struct pollset* set, int fd, short events);
short pollset_events(struct pollset const* set, size_t index);  // 0 for POLLSET_NONE
void pollset_within(struct pollset* set, int milliseconds);

// -- wire.c: messages ------------------------------------------------------------------------------------------------
struct packet {
    unsigned char bytes[2048];
    size_t size;
    int overflow;
};
void packet_begin(struct packet* packet, uint16_t type, uint32_t request);
void packet_add(struct packet* packet, uint16_t field, void const* data, size_t size);
void packet_u32(struct packet* packet, uint16_t field, uint32_t value);
void packet_i32(struct packet* packet, uint16_t field, int32_t value);
void packet_u64(struct packet* packet, uint16_t field, uint64_t value);
int packet_send(struct packet const* packet, int fd);  // never waits; -1: it was not taken

// A received packet: its descriptors belong to it until they are taken.
struct received {
    unsigned char bytes[APIARY_SHIM_PACKET_MAX];
    size_t size, at;
    int fds[APIARY_SHIM_PACKET_FDS];
    size_t fd_count, fd_next;
    struct apiary_message header;
};
enum receive_result { receive_packet, receive_nothing, receive_closed, receive_garbage };
enum receive_result receive(int fd, struct received* into);
// 1: there was a field; 0: no more; -1: the packet is malformed.
int received_next(struct received* packet, struct apiary_field* field, unsigned char const** data);
int received_take_fd(struct received* packet);  // -1: there are fewer descriptors than fields that stand for one
void received_close(struct received* packet);   // closes descriptors that nobody took
int field_u32(struct apiary_field const* field, unsigned char const* data, uint32_t* value);
int field_u64(struct apiary_field const* field, unsigned char const* data, uint64_t* value);

// -- launch.c: the launch record
// ---------------------------------------------------------------------------------------
struct launch {
    char *argv[APIARY_SHIM_ARGS_MAX + 1], *env[APIARY_SHIM_ARGS_MAX + 1];
    size_t arg_count, env_count;
    uid_t uid;
    gid_t gid;
    gid_t groups[APIARY_SHIM_GROUPS_MAX];
    size_t group_count;
    int child_fds[APIARY_SHIM_CHILD_FDS], child_numbers[APIARY_SHIM_CHILD_FDS];
    size_t child_fd_count;
    int console_fd, log_fd;
    char *run_dir, *ticket;
    uint64_t log_bound, number;
    int have_uid, have_gid, complete;
    size_t text_used;
    char text[APIARY_SHIM_LAUNCH_MAX];
};
struct launch* launch_new(void);
int launch_take(struct launch* launch, struct received* packet);  // -1: nonsense
void launch_free(struct launch* launch);

// -- folder.c: the run folder
// -------------------------------------------------------------------------------------------- -1 with a text for
// people in folder_error().
int folder_enter(char const* path, char const* ticket, uint64_t launch);  // ticket NULL: none is needed
uint64_t folder_launch(void);                                             // as told to folder_enter()
char const* folder_error(void);
int folder_listener(void);
int folder_vm_lock(void);        // for the child to inherit
void folder_drop_vm_lock(void);  // our copy: from then on the hypervisor alone holds it
int folder_write_pid(pid_t pid, uint64_t start, char const* title);
struct end {
    uint32_t kind;  // APIARY_KIND_*
    int32_t value;
    uint32_t core;
    uint64_t dropped;
};
int folder_write_exit(pid_t pid, uint64_t start, struct end const* end);
void folder_leave(void);  // no longer listens, lets go of shim.lock

// -- child.c: the hypervisor
// ----------------------------------------------------------------------------------------------- Forks. The child
// waits until the pid record is written. -1: text in child_error(), nothing runs.
int child_start(struct launch const* launch, char const* title, int output_fd, sigset_t const* plain_mask);
char const* child_error(void);
int child_error_number(void);
pid_t child_pid(void);
uint64_t child_start_time(void);
void child_prepare(struct pollset* set);
enum child_news { child_nothing, child_executed, child_not_executed, child_ended };
enum child_news child_check_exec(struct pollset const* set);  // set NULL: look whatever poll said
enum child_news child_reap(struct end* end);                  // child_nothing or child_ended
int child_signal(int number);                                 // -1: it is gone

// -- log.c: standard output and error of the hypervisor
// ---------------------------------------------------------------------
int log_open(int log_fd, uint64_t bound);  // the end of the pipe that the child writes to; -1: no pipe
void log_prepare(struct pollset* set);
void log_dispatch(struct pollset const* set);
void log_finish(void);  // takes what is left
uint64_t log_dropped(void);

// -- console.c
// ---------------------------------------------------------------------------------------------------------------
void console_open(int fd);
uint32_t console_attach(int viewer, int writer, int force);  // APIARY_RESULT_*; owns `viewer` from then on
void console_prepare(struct pollset* set);
void console_dispatch(struct pollset const* set);
void console_finish(void);  // takes what is left of the guest's output
int console_flushed(void);  // no viewer waits for anything
uint64_t now_ms(void);

// -- control.c: connections
// ---------------------------------------------------------------------------------------------------
void control_setup(int fd, char const* title, sigset_t const* plain_mask);
void control_prepare(struct pollset* set);
void control_dispatch(struct pollset const* set);
void control_child_news(enum child_news news, struct end const* end);
int control_may_end(void);  // nothing is left to do for this process
