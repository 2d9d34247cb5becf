// The launch record: gathered from its packets, checked, thrown away once the hypervisor runs.
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "supervision/shim/shim.h"

// Mapped, not static: it is only needed for a moment of a life of years, and its pages go back at the end of that.
struct launch* launch_new(void) {
    struct launch* launch = mmap(NULL, sizeof *launch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (launch == MAP_FAILED) {
        return NULL;
    }
    launch->console_fd = launch->log_fd = -1;
    return launch;
}

void launch_free(struct launch* launch) {
    for (size_t i = 0; i < launch->child_fd_count; ++i) {
        close(launch->child_fds[i]);
    }
    if (launch->console_fd >= 0) {
        close(launch->console_fd);
    }
    if (launch->log_fd >= 0) {
        close(launch->log_fd);
    }
    munmap(launch, sizeof *launch);
}

static char* keep_text(struct launch* launch, unsigned char const* data, size_t size) {
    if (size >= sizeof launch->text - launch->text_used || memchr(data, '\0', size)) {
        return NULL;
    }
    char* const text = launch->text + launch->text_used;
    memcpy(text, data, size);
    text[size] = '\0';
    launch->text_used += size + 1;
    return text;
}

static int keep_entry(struct launch* launch, char** list, size_t* count, unsigned char const* data, size_t size) {
    if (*count >= APIARY_SHIM_ARGS_MAX) {
        return -1;
    }
    list[*count] = keep_text(launch, data, size);
    return list[*count] ? (++*count, 0) : -1;
}

static int keep_fd(int* slot, struct received* packet) {
    if (*slot >= 0) {
        return -1;
    }
    *slot = received_take_fd(packet);
    return *slot >= 0 ? 0 : -1;
}

static int keep_child_fd(struct launch* launch, struct received* packet, uint32_t number) {
    if (launch->child_fd_count >= APIARY_SHIM_CHILD_FDS || number < 3 || number > 65535) {
        return -1;
    }
    for (size_t i = 0; i < launch->child_fd_count; ++i) {
        if (launch->child_numbers[i] == (int)number) {
            return -1;
        }
    }
    int const fd = received_take_fd(packet);
    if (fd < 0) {
        return -1;
    }
    launch->child_fds[launch->child_fd_count] = fd;
    launch->child_numbers[launch->child_fd_count++] = (int)number;
    return 0;
}

static int take_field(struct launch* launch, struct received* packet, struct apiary_field const* field,
                      unsigned char const* data) {
    uint32_t number = 0;
    switch (field->type) {
        case APIARY_FIELD_ARG:
            return keep_entry(launch, launch->argv, &launch->arg_count, data, field->length);
        case APIARY_FIELD_ENV:
            return keep_entry(launch, launch->env, &launch->env_count, data, field->length);
        case APIARY_FIELD_UID:
            launch->have_uid = field_u32(field, data, &number) == 0;
            launch->uid = (uid_t)number;
            return launch->have_uid ? 0 : -1;
        case APIARY_FIELD_GID:
            launch->have_gid = field_u32(field, data, &number) == 0;
            launch->gid = (gid_t)number;
            return launch->have_gid ? 0 : -1;
        case APIARY_FIELD_GROUP:
            if (launch->group_count >= APIARY_SHIM_GROUPS_MAX || field_u32(field, data, &number) != 0) {
                return -1;
            }
            launch->groups[launch->group_count++] = (gid_t)number;
            return 0;
        case APIARY_FIELD_CHILD_FD:
            return field_u32(field, data, &number) == 0 ? keep_child_fd(launch, packet, number) : -1;
        case APIARY_FIELD_CONSOLE_FD:
            return keep_fd(&launch->console_fd, packet);
        case APIARY_FIELD_LOG_FD:
            return keep_fd(&launch->log_fd, packet);
        case APIARY_FIELD_RUN_DIR:
            launch->run_dir = keep_text(launch, data, field->length);
            return launch->run_dir ? 0 : -1;
        case APIARY_FIELD_TICKET:
            launch->ticket = keep_text(launch, data, field->length);
            // A file in the run folder, and one of this kind: it will be removed.
            return launch->ticket && strncmp(launch->ticket, "ticket.", 7) == 0 && !strchr(launch->ticket, '/') ? 0
                                                                                                                : -1;
        case APIARY_FIELD_NUMBER:
            return field_u64(field, data, &launch->number);
        case APIARY_FIELD_LOG_BOUND:
            return field_u64(field, data, &launch->log_bound);
        case APIARY_FIELD_END:
            launch->complete = 1;
            return 0;
        default:
            return 0;
    }
}

int launch_take(struct launch* launch, struct received* packet) {
    struct apiary_field field;
    unsigned char const* data;
    int more;
    while ((more = received_next(packet, &field, &data)) > 0) {
        if (launch->complete || take_field(launch, packet, &field, data) != 0) {
            return -1;
        }
    }
    if (more < 0) {
        return -1;
    }
    if (launch->complete && (launch->arg_count == 0 || launch->argv[0][0] != '/' || !launch->run_dir ||
                             launch->run_dir[0] != '/' || !launch->have_uid || !launch->have_gid)) {
        return -1;
    }
    return 0;
}
