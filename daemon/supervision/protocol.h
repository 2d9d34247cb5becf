// The protocol between apiaryd and apiary-shim, the parent of one hypervisor process. Shared by C and C++.
//
// A shim may outlive many daemons by years, so nothing here is ever given another meaning: new things get new numbers,
// and both sides skip the message types and the fields that they do not know.
//
// Transport: SOCK_SEQPACKET. One packet = one message = a message header and any number of fields, each a field header
// and `length` bytes. Integers are in host byte order (both ends are on one host) and have fixed widths; nothing is
// aligned or padded. Texts carry no terminating NUL. A field that stands for a descriptor (*_FD) takes the next
// descriptor of the packet's SCM_RIGHTS, in order.
//
// Life of a shim:
//  1. apiaryd spawns `apiary-shim TITLE` with a socket as descriptor 0: the setup connection. The shim detaches (fork,
//     setsid), greets on it, and takes the launch record: LAUNCH packets, the last with the field END.
//  2. It opens the run folder, takes shim.lock, removes the ticket that the launch record names, takes vm.lock, listens
//     on `sock`, forks, writes `pid`, lets the child execute, and says STARTED or EXEC_FAILED. A lock that it cannot
//     get, or a ticket that is not there any more, is the end: nothing is executed. The setup connection goes on as an
//     ordinary control connection. If it is closed before the launch record is complete, the shim ends.
//  3. Any later daemon (root, or the uid that the shim has) connects to `sock`. Each connection begins with GREETING.
//  4. When the hypervisor ends: its process group is killed, `exit` is written (tmp, rename), `sock` is removed
//  and
//     `shim.lock` let go, all connections hear EXITED, viewers get up to two seconds to take what is left of the
//     console's output, and the shim ends. It waits for nobody: the exit record is the truth for whoever comes later.
//     Only if the record could not be written does the shim stay, until somebody who heard the status says FORGET.
//
// The daemon may die at any instant of this, and the next one must be able to say for certain that a launch has not
// happened and never will. So it removes the tickets first and looks at shim.lock then: a shim that has got its ticket
// held the lock before; one that has not comes too late, whenever it wakes up.
//
// The run folder (0700, of the daemon's user):
//   ticket.X   leave to execute something once: made by the daemon before it spawns the shim
//   sock       the control socket, 0600
//   shim.lock  flock(2) held by the shim alone: free = the shim is dead (or done: then there is `exit`)
//   vm.lock    flock(2) inherited by the hypervisor: held while it, or anything that it left behind, lives
//   pid        "apiary-pid 1\nboot ID\npid N\nstart N\nlaunch N\ntitle T\nend\n": written before the hypervisor is
//              executed
//   exit       "apiary-exit 1\nboot ID\npid N\nstart N\nlaunch N\nkind exited|signaled|exec-failed\nvalue N\n
//              core 0|1\ndropped N\nend\n"; `value` is the exit status, the signal or errno
//   `launch` is the number from the launch record: a run folder may see several launches, one after the other.
//   `start` is the start time of the process as the system counts it: with the boot id and the pid it names one
//   process.
//
// This header holds numbers only, so that it reads the same in both languages.
#pragma once

#include <stdint.h>

#define APIARY_SHIM_VERSION 1u
#define APIARY_SHIM_PACKET_MAX 32768u    // bytes in a packet, headers included
#define APIARY_SHIM_PACKET_FDS 64u       // descriptors in a packet
#define APIARY_SHIM_LAUNCH_MAX 1048576u  // bytes of all strings of a launch record
#define APIARY_SHIM_ARGS_MAX 4096u       // arguments; environment entries likewise
#define APIARY_SHIM_CHILD_FDS 256u       // descriptors for the hypervisor
#define APIARY_SHIM_GROUPS_MAX 1024u

struct apiary_message {
    uint16_t type;
    uint16_t reserved;  // 0
    uint32_t request;   // of a request: chosen by the sender; of its ANSWER: the same; else 0
};

struct apiary_field {
    uint16_t type;
    uint16_t reserved;  // 0
    uint32_t length;    // bytes that follow
};

// Shim to daemon
#define APIARY_MSG_GREETING \
    1u  // VERSION, SHIM_PID, PHASE; from `starting` on PID, START, NUMBER; when ended KIND, VALUE, CORE, DROPPED
#define APIARY_MSG_STARTED 2u      // PID, START: the hypervisor was executed
#define APIARY_MSG_EXEC_FAILED 3u  // VALUE (errno), TEXT: it was not, and nothing runs
#define APIARY_MSG_EXITED 4u       // PID, START, KIND, VALUE, CORE, DROPPED
#define APIARY_MSG_ANSWER 5u       // RESULT: to the request of the same number
// Daemon to shim
#define APIARY_MSG_LAUNCH 32u  // part of the launch record; setup connection only
#define APIARY_MSG_SIGNAL 33u  // VALUE: send this signal to the hypervisor, if it is still there
#define APIARY_MSG_ATTACH 34u  // VIEWER_FD, WRITER, FORCE: show the console to this stream socket
#define APIARY_MSG_FORGET 35u  // the end of the hypervisor was taken note of

// Fields of several messages
#define APIARY_FIELD_VERSION 1u   // u32
#define APIARY_FIELD_SHIM_PID 2u  // i32
#define APIARY_FIELD_PHASE 3u     // u32: APIARY_PHASE_*
#define APIARY_FIELD_PID 4u       // i32: the hypervisor
#define APIARY_FIELD_START 5u     // u64
#define APIARY_FIELD_KIND 6u      // u32: APIARY_KIND_*
#define APIARY_FIELD_VALUE 7u     // i32
#define APIARY_FIELD_CORE 8u      // u32: 1 = a core was dumped
#define APIARY_FIELD_DROPPED 9u   // u64: bytes of the hypervisor's output that are not in the log
#define APIARY_FIELD_TEXT 10u     // text
#define APIARY_FIELD_RESULT 11u   // u32: APIARY_RESULT_*
#define APIARY_FIELD_NUMBER 12u   // u64: which launch in this run folder it is; absent or 0: not told apart
// of ATTACH
#define APIARY_FIELD_VIEWER_FD 32u
#define APIARY_FIELD_WRITER 33u  // u32: 1 = wants to write
#define APIARY_FIELD_FORCE 34u   // u32: 1 = takes the right to write from who has it
// of LAUNCH, which may carry NUMBER too
#define APIARY_FIELD_ARG 64u         // text; the first is also what is executed
#define APIARY_FIELD_ENV 65u         // text KEY=VALUE
#define APIARY_FIELD_UID 66u         // u32
#define APIARY_FIELD_GID 67u         // u32
#define APIARY_FIELD_GROUP 68u       // u32, a supplementary group; repeated
#define APIARY_FIELD_CHILD_FD 69u    // i32: the number that the hypervisor knows it by
#define APIARY_FIELD_CONSOLE_FD 70u  // empty
#define APIARY_FIELD_LOG_FD 71u      // empty
#define APIARY_FIELD_RUN_DIR 72u     // text, absolute
#define APIARY_FIELD_LOG_BOUND 73u   // u64: bytes of output that are kept of one run
#define APIARY_FIELD_END 74u         // empty: the record is complete
#define APIARY_FIELD_TICKET 75u      // text, the name of a file in the run folder; absent: none is needed

#define APIARY_PHASE_WAITING 0u   // for the launch record
#define APIARY_PHASE_STARTING 1u  // forked, not yet executed
#define APIARY_PHASE_RUNNING 2u
#define APIARY_PHASE_ENDED 3u

#define APIARY_KIND_EXITED 0u
#define APIARY_KIND_SIGNALED 1u
#define APIARY_KIND_EXEC_FAILED 2u

#define APIARY_RESULT_DONE 0u
#define APIARY_RESULT_GONE 1u        // the hypervisor is gone, or the descriptor is of no use
#define APIARY_RESULT_NO_CONSOLE 2u  // the VM has none
#define APIARY_RESULT_BUSY 3u        // another viewer has the right to write, or there are too many viewers
