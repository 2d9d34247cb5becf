/* The C ABI between Apiary and its plugins.
 *
 * A plugin is a shared object in the plugins' folder that exports apiary_plugin_entry(). It runs in a process of its
 * own, apiary-plugin-host: it may block, it may crash, and no VM and no daemon comes to harm. docs/writing-plugins.md
 * tells how to write one; apiary/plugin.hpp is the same for C++.
 *
 * How it grows without breaking what was built before:
 *  - Every struct begins with its size as its maker knew it. Members are only ever added at the end. Before using a
 *    member that came after version 1, ask APIARY_HAS(). What is absent is zero.
 *  - Arrays of structs carry the distance of their elements (key_size).
 *  - Numbers of enumerations are never given to something else. Whoever meets one that he does not know takes it for
 *    the one that is said to be the fallback.
 *  - APIARY_PLUGIN_ABI changes only if all this did not suffice; a host says which it understands and refuses others.
 *
 * Texts are UTF-8, end with a zero byte, and live until the function that was given them returns; what a plugin gives
 * to the host is copied before the call ends. A declaration lives as long as the shared object.
 *
 * Threads: the host calls from several threads. Two calls about one VM never run at once, and come in the order in
 * which things happened; calls about different VMs may run at the same time, also one function. Every service may be
 * called from any thread, with a call's handle until the plugin's function returns.
 *
 * No exception, no longjmp() and no exit() may leave a function of a plugin. What happens all the same costs that call,
 * and counts against the plugin.
 */
#ifndef APIARY_PLUGIN_H
#define APIARY_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define APIARY_PLUGIN_ABI 1u

#define APIARY_HAS(pointer, type, member) ((pointer)->size >= offsetof(type, member) + sizeof((pointer)->member))

#if defined(__GNUC__)
#define APIARY_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define APIARY_PLUGIN_EXPORT
#endif

typedef struct apiary_call apiary_call; /* one call of one of the plugin's functions */
typedef struct apiary_self apiary_self; /* the plugin, as the host knows it */

/* ---- What a plugin declares ---- */

/* Where its steps stand. Starting goes down this list, stopping goes up. Unknown: hook. */
enum apiary_phase {
    APIARY_PHASE_HOOK = 0,
    APIARY_PHASE_NETWORK = 1,
    APIARY_PHASE_STORAGE = 2,
    APIARY_PHASE_DEVICE = 3
    /* the order is network, storage, device, hook */
};

/* The type of a key's values. Unknown: text. */
enum apiary_key_type {
    APIARY_KEY_TEXT = 0,
    APIARY_KEY_BOOLEAN = 1,   /* yes, true, no, false, without case; given to the plugin as "yes" or "no" */
    APIARY_KEY_INTEGER = 2,   /* decimal, least..most */
    APIARY_KEY_WORD = 3,      /* one of `words` */
    APIARY_KEY_PATH = 4,      /* absolute path on the host */
    APIARY_KEY_EXECUTABLE = 5 /* absolute path of a program; only files of root may say it */
};

enum apiary_key_flag {
    APIARY_KEY_LIST = 1u << 0,     /* may be set several times, and with += */
    APIARY_KEY_SECRET = 1u << 1,   /* shown nowhere, stored nowhere */
    APIARY_KEY_ROOT_ONLY = 1u << 2 /* refused from files that root does not own; `why`: what others could do with it */
};

struct apiary_key {
    const char* name;         /* lower case letters, digits, '_'; a name that is taken already is refused */
    uint32_t type;            /* enum apiary_key_type */
    uint32_t flags;           /* enum apiary_key_flag */
    const char* fallback;     /* the default, as it would be written; NULL: none */
    const char* doc;          /* one line, for `apiaryctl config` and error messages */
    const char* why;          /* root only: may be NULL otherwise */
    const char* const* words; /* of a word, NULL ends them; else NULL */
    int64_t least, most;      /* of an integer; both 0: any that fits */
};

enum apiary_plugin_flag {
    APIARY_PLUGIN_NO_NETWORK = 1u << 0, /* the host cuts it off from the network (Linux: a network namespace) */
    APIARY_PLUGIN_ALL_VMS = 1u << 1,    /* its steps are for every VM, not only for those that set one of its keys */
    APIARY_PLUGIN_NOT_NEEDED = 1u << 2, /* VMs that set its keys start without it too */
    APIARY_PLUGIN_OWN_EVENTS = 1u << 3, /* of events about VMs it hears only those about VMs that set one of its keys */
    /* renew() is called at each reboot of a guest for which the hypervisor is launched anew (bhyve), before that;
     * failing ends the VM. */
    APIARY_PLUGIN_RENEW_AT_REBOOT = 1u << 4,
    /* Of one that hears `state` and keeps in mind which VMs are up: as its process begins it is told of each VM that is
     * not at rest, and later of a VM of which an event was lost to it, by an event of type state as the VM is now. That
     * one has the field "replay", no old state, no details, and the number 0: it is in no journal. The process is
     * started for it. */
    APIARY_PLUGIN_REPLAY = 1u << 5
};

/* Results of functions. Unknown ones count as failed. */
enum apiary_result {
    APIARY_OK = 0,
    APIARY_FAILED = 1, /* it broke half-way. A prestart is undone: poststop is called for it */
    APIARY_VETO = 2    /* of prestart alone: the VM is not to start, and there is nothing to undo */
};

struct apiary_plugin {
    uint32_t size; /* sizeof(struct apiary_plugin) */
    uint32_t abi;  /* APIARY_PLUGIN_ABI */

    const char* name; /* 1 to 32 lower case letters, digits and '-', the first a letter; the file is called NAME.so */
    const char* version; /* its own; shown, not compared */
    const char* doc;     /* one line */

    const struct apiary_key* keys; /* keys that it adds to the configuration */
    size_t key_count;
    size_t key_size; /* sizeof(struct apiary_key) */

    uint32_t phase;            /* enum apiary_phase */
    uint32_t flags;            /* enum apiary_plugin_flag */
    const char* const* before; /* plugins of the same phase that come after this one; NULL ends them; may be NULL */
    const char* const* after;  /* and before this one. A circle is an error of all who are in it */
    const char* const* events; /* types of events that it wants to hear (org.apiary.Apiary1.VM.Event); NULL: none */
    const char* user;          /* account that its process runs as; NULL: as the daemon does */
    const char* const* capabilities; /* Linux, with a user: those that it keeps ("net_admin"); NULL: none */

    uint32_t prestart_timeout_ms; /* 0: 60,000. The daemon cancels, then undoes what takes longer */
    uint32_t poststop_timeout_ms; /* 0: 60,000. Then it is tried again, with growing pauses */
    uint32_t event_timeout_ms;    /* 0: 10,000. What takes longer is a hang */

    /* The functions. Any may be NULL. `self` is what init() gave. */

    /* Once, before all others, in the process that runs with the plugin's rights. Failing is told, and tried again with
     * the next call that needs it. */
    int (*init)(apiary_self* host, void** self);
    /* The process is about to end: no call is under way, none follows. */
    void (*shutdown)(void* self);

    /* Looks at a VM's settings and says what is wrong with them with message(). Runs in a process without rights,
     * without init(), at every reading of the configuration: it must look at nothing but the settings. APIARY_FAILED:
     * the VM is refused with these messages. */
    int (*configure)(apiary_call* call);

    /* The VM is about to start. May contribute. Everything that it makes must be found again by the attempt's number or
     * the VM's id, for poststop may come in another process, with nothing but the stored record. */
    int (*prestart)(void* self, apiary_call* call);
    /* The VM has ended, or did not start. Gets back what prestart contributed. At least once for each prestart that did
     * not veto, so also for one that was canceled, crashed, or never began: undoing what is not there is a success. */
    int (*poststop)(void* self, apiary_call* call);
    /* The guest is to be launched again after a restart of the daemon: descriptors that were contributed are gone, and
     * are wanted again. With APIARY_PLUGIN_RENEW_AT_REBOOT also before each launch after a reboot; nothing is gone
     * then. What is not contributed anew holds as it is, but for descriptors that are gone. NULL: so does all. */
    int (*renew)(void* self, apiary_call* call);
    /* One of the events that were asked for. The result is told, and changes nothing. */
    int (*event)(void* self, apiary_call* call);
    /* The configuration was read anew. Calls that are under way go on with the settings that they were given. */
    void (*reload)(void* self);
};

/* ---- What the host offers ---- */

enum apiary_level { APIARY_ERROR = 0, APIARY_WARNING = 1, APIARY_INFO = 2, APIARY_DEBUG = 3 };

/* A program to run. Members that are zero mean what is said of them. */
struct apiary_command {
    uint32_t size;           /* sizeof(struct apiary_command) */
    const char* path;        /* absolute; no shell is involved */
    const char* const* argv; /* NULL ends it; argv[0] is what the program sees as its name */
    const char* const* envp; /* NULL ends it; NULL: an empty environment but for PATH */
    const char* folder;      /* where it runs; NULL: / */
    const char* user;        /* account to run as, with its groups; NULL: as the plugin does */
    uint32_t owner;          /* with flag APIARY_RUN_OWNED: uid that the program's file must belong to */
    uint32_t flags;          /* enum apiary_run_flag */
    uint32_t timeout_ms;     /* 0: as long as the call has left. Then its process group is killed */
    /* Each line of its output, without the newline, as it comes; longer ones than 4,096 bytes are cut there. NULL:
     * lines go to the VM's log. */
    void (*line)(void* context, int is_error, const char* text);
    void* context;
};
enum apiary_run_flag {
    APIARY_RUN_OWNED = 1u << 0, /* refuse a file that is not `owner`'s, or that others than he can write to */
    APIARY_RUN_TO_LOG = 1u << 1 /* lines go to the VM's log as well as to `line` */
};

struct apiary_outcome {
    uint32_t size;       /* sizeof(struct apiary_outcome), set by the caller */
    int status;          /* its exit status; -1: it did not exit */
    int signal;          /* that ended it; 0: none */
    int timed_out;       /* it was killed because its time, or the call's, was over */
    int canceled;        /* it was killed because the call was canceled */
    int error;           /* errno where it could not be run at all; 0 */
    char last_line[256]; /* of its output: what a veto gives as its reason; where it could not be run: why */
};

struct apiary_contribution {
    uint32_t size; /* sizeof(struct apiary_contribution), set by the caller */
    const char *kind, *id, *value;
};

struct apiary_host {
    uint32_t size; /* of this struct, as the host knows it */
    uint32_t abi;
    const char* version; /* Apiary's */

    /* About the plugin. `call` may be NULL in log(). Texts that are given stay for the life of the process. */
    void (*log)(apiary_self* self, apiary_call* call, int level, const char* text);
    const char* (*state_folder)(apiary_self* self); /* its own, kept over upgrades, mode 0700; NULL: errno says why */
    const char* (*bus_address)(apiary_self* self);  /* of the bus that the daemon is on; NULL: on none now */

    /* About the call. */
    uint64_t (*attempt)(apiary_call* call);   /* the same in prestart, renew and poststop; 0 in others */
    int (*canceled)(apiary_call* call);       /* not 0: nobody waits for the result any more; be quick */
    int (*cancel_fd)(apiary_call* call);      /* becomes readable then; do not read from it, do not close it */
    uint32_t (*time_left)(apiary_call* call); /* milliseconds until the deadline */
    /* configure: what is wrong with `key`, which may be NULL. Others: text for people; the last error of a call that
     * does not succeed is its reason. */
    void (*message)(apiary_call* call, int level, const char* key, const char* text);

    /* The VM. Empty texts and 0 where the call is about none. */
    const char* (*vm_name)(apiary_call* call);
    uint32_t (*vm_id)(apiary_call* call);          /* small; the same as long as the VM is defined; reused after that */
    uint64_t (*vm_incarnation)(apiary_call* call); /* counts cold starts */
    const char* (*run_folder)(apiary_call* call);  /* of this run; "": there is none */
    /* Settings, by the keys of apiary.conf(5), as `apiaryctl config` shows them; of secrets only the plugin's own.
     * Deciding are those that the VM was started with. The number of values; 0: not set and without default. */
    size_t (*setting_count)(apiary_call* call, const char* key);
    const char* (*setting)(apiary_call* call, const char* key, size_t index); /* NULL: there is none */
    /* All of them, in order. `each` gives not 0 to stop; that is given back. */
    int (*each_setting)(apiary_call* call,
                        int (*each)(void* context, const char* key, const char* const* values, size_t count),
                        void* context);

    /* The event, in event(). */
    uint64_t (*event_seq)(apiary_call* call); /* 0: of a replay */
    const char* (*event_type)(apiary_call* call);
    /* "state", "sub-state", "old-state", "old-sub-state", "reason", and the details; NULL: it has none */
    const char* (*event_field)(apiary_call* call, const char* name);

    /* Contributions. Kinds and ids: see docs/writing-plugins.md. Not 0: refused, and message() was called with the
     * reason: it is unknown, or somebody else contributed the same before. The descriptor is duplicated. */
    int (*contribute)(apiary_call* call, const char* kind, const char* id, const char* value);
    int (*contribute_fd)(apiary_call* call, const char* id, int fd);
    /* prestart: those of the steps before; poststop, renew: its own, without descriptors. 0: there is one at
     * `index`. */
    int (*contribution)(apiary_call* call, size_t index, struct apiary_contribution* into);

    /* Runs a program to its end; blocks. It is the leader of a process group, which is killed when its time is over,
     * when the call is canceled, and when the plugin's process ends. One that does not even end then (the kernel, or a
     * debugger of its user, holds it) is waited for 2 s more; its outcome is a status of -1 and no signal. Not 0: it
     * could not be run. */
    int (*run)(apiary_call* call, const struct apiary_command* command, struct apiary_outcome* outcome);
    /* A secret that the admin put into the plugin's secrets under this name. Gives its length, -1 with errno: ENOENT
     * there is none, ERANGE `size` is too small, EINVAL the name has more than 128 bytes, EAGAIN 512 others are waited
     * for. Wipe it after use. */
    long (*secret)(apiary_self* self, const char* name, char* into, size_t size);
    /* An event of its own, of type notice, about a VM or, with `vm` NULL, about none. `details`: names and values in
     * turn, NULL ends them: at most 32, with names of 1 to 64 of a-z, 0-9, _ and -; others are left out. 0 says that it
     * was sent: more than the daemon takes (100 a second, messages counted, 1,000 at once) is left out, and the log
     * tells how much. */
    int (*emit)(apiary_self* self, const char* vm, const char* text, const char* const* details);
};

/* The one symbol that a plugin exports. `host` stays valid for the life of the process. Gives the declaration; NULL: it
 * cannot work with this host. Must do nothing else: it is called, as an unprivileged user, to see what it is. */
APIARY_PLUGIN_EXPORT const struct apiary_plugin* apiary_plugin_entry(const struct apiary_host* host);

#ifdef __cplusplus
}
#endif

#endif
