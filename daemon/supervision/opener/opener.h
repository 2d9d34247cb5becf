// The protocol between apiaryd and apiary-opener, the helper that opens files with somebody else's rights. Both are of
// one build and one moment, so it has no versions. Transport: SOCK_SEQPACKET on the helper's descriptor 0, in
// lock-step: apiaryd sends the identity, then one request after the other; each is answered; at the end of file the
// helper ends. Shared by C and C++.
#pragma once

#include <stdint.h>

#define APIARY_OPENER_PATH_MAX 4095u
#define APIARY_OPENER_GROUPS_MAX 1024u

// First packet: this and `group_count` group ids (u32). Not answered.
struct apiary_opener_identity {
    uint32_t uid, gid, group_count;
};

// Then: this and the path, without a terminating NUL.
struct apiary_opener_request {
    uint32_t operation;
};
#define APIARY_OPEN_DISK_RW 0u  // a regular file or a device, to read and write
#define APIARY_OPEN_DISK_RO 1u  // the same, to read
#define APIARY_OPEN_IMAGE 2u    // a regular file or a block device, to read
#define APIARY_OPEN_FILE 3u     // a regular file, to read
#define APIARY_OPEN_LOG 4u      // a regular file of the identity's own, to append to; made where it is absent

struct apiary_opener_reply {
    uint32_t fault;
    int32_t error;  // errno, of refused and identity
    uint32_t mode;  // st_mode, of wrong_type
};                  // and with `none` the descriptor
#define APIARY_OPENER_NONE 0u
#define APIARY_OPENER_REFUSED 1u     // the system refused it
#define APIARY_OPENER_WRONG_TYPE 2u  // it is not what it is to be used as
#define APIARY_OPENER_NOT_HIS 3u     // a log that belongs to somebody else
#define APIARY_OPENER_IDENTITY 4u    // the identity could not be taken on
