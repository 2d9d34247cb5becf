// Messages: making, sending, receiving and taking apart.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervision/shim/shim.h"

void packet_begin(struct packet* packet, uint16_t type, uint32_t request) {
    struct apiary_message const header = {.type = type, .reserved = 0, .request = request};
    memcpy(packet->bytes, &header, sizeof header);
    packet->size = sizeof header;
    packet->overflow = 0;
}

void packet_add(struct packet* packet, uint16_t field, void const* data, size_t size) {
    struct apiary_field const header = {.type = field, .reserved = 0, .length = (uint32_t)size};
    if (size > sizeof packet->bytes || packet->size + sizeof header + size > sizeof packet->bytes) {
        packet->overflow = 1;
        return;
    }
    memcpy(packet->bytes + packet->size, &header, sizeof header);
    packet->size += sizeof header;
    if (size > 0) {
        memcpy(packet->bytes + packet->size, data, size);
        packet->size += size;
    }
}

void packet_u32(struct packet* packet, uint16_t field, uint32_t value) {
    packet_add(packet, field, &value, sizeof value);
}

void packet_i32(struct packet* packet, uint16_t field, int32_t value) {
    packet_add(packet, field, &value, sizeof value);
}

void packet_u64(struct packet* packet, uint16_t field, uint64_t value) {
    packet_add(packet, field, &value, sizeof value);
}

int packet_send(struct packet const* packet, int fd) {
    if (packet->overflow) {
        return -1;
    }
    ssize_t sent;
    do {
        sent = send(fd, packet->bytes, packet->size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)packet->size ? 0 : -1;
}

enum receive_result receive(int fd, struct received* into) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * APIARY_SHIM_PACKET_FDS)];
    } control;
    struct iovec data = {.iov_base = into->bytes, .iov_len = sizeof into->bytes};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    into->size = into->at = into->fd_count = into->fd_next = 0;
    ssize_t got;
    do {
        got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? receive_nothing : receive_closed;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // musl's CMSG_NXTHDR
    for (struct cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t const count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int passed;
            memcpy(&passed, CMSG_DATA(part) + i * sizeof passed, sizeof passed);
            if (into->fd_count < APIARY_SHIM_PACKET_FDS) {
                into->fds[into->fd_count++] = passed;
            } else {
                close(passed);
            }
        }
    }
#pragma GCC diagnostic pop
    if (got == 0 && into->fd_count == 0) {
        return receive_closed;
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || (size_t)got < sizeof into->header) {
        received_close(into);
        return receive_garbage;
    }
    into->size = (size_t)got;
    memcpy(&into->header, into->bytes, sizeof into->header);
    into->at = sizeof into->header;
    return receive_packet;
}

int received_next(struct received* packet, struct apiary_field* field, unsigned char const** data) {
    if (packet->at == packet->size) {
        return 0;
    }
    if (packet->size - packet->at < sizeof *field) {
        return -1;
    }
    memcpy(field, packet->bytes + packet->at, sizeof *field);
    packet->at += sizeof *field;
    if (field->length > packet->size - packet->at) {
        return -1;
    }
    *data = packet->bytes + packet->at;
    packet->at += field->length;
    return 1;
}

int received_take_fd(struct received* packet) {
    if (packet->fd_next >= packet->fd_count) {
        return -1;
    }
    return packet->fds[packet->fd_next++];
}

void received_close(struct received* packet) {
    for (; packet->fd_next < packet->fd_count; ++packet->fd_next) {
        close(packet->fds[packet->fd_next]);
    }
}

int field_u32(struct apiary_field const* field, unsigned char const* data, uint32_t* value) {
    if (field->length != sizeof *value) {
        return -1;
    }
    memcpy(value, data, sizeof *value);
    return 0;
}

int field_u64(struct apiary_field const* field, unsigned char const* data, uint64_t* value) {
    if (field->length != sizeof *value) {
        return -1;
    }
    memcpy(value, data, sizeof *value);
    return 0;
}
