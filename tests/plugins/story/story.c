/* A plugin that writes down each of its calls, and does in them what the VM's settings say. What it wrote is the test's
 * proof: it does not depend on what the daemon says of itself. */
#include <apiary/plugin.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void crash(void) {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer would make an exit of it
    raise(SIGSEGV);
}

static const struct apiary_host* host;
static apiary_self* self_handle;

/* One write: whole lines, whoever dies when. */
static void tell(apiary_call* call, const char* what, const char* more) {
    const char* const path = host->setting(call, STORY_NAME "_file", 0);
    char line[512];
    int const size = snprintf(line, sizeof line, "%s %s %llu%s%s\n", what, host->vm_name(call),
                              (unsigned long long)host->attempt(call), more[0] == '\0' ? "" : " ", more);
    int const file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0 || write(file, line, (size_t)size) != size) {
        host->log(self_handle, call, APIARY_ERROR, "the story cannot be written");
    }
    if (file >= 0) {
        close(file);
    }
}

static int wants(apiary_call* call, const char* deed) {
    size_t const count = host->setting_count(call, STORY_NAME "_do");
    for (size_t i = 0; i < count; ++i) {
        if (strcmp(host->setting(call, STORY_NAME "_do", i), deed) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Is there the file that lets it do something only as long as it is there? Takes it away. */
static int takes_token(apiary_call* call) {
    const char* const path = host->setting(call, STORY_NAME "_file", 0);
    char token[512];
    snprintf(token, sizeof token, "%s.token", path == NULL ? "" : path);
    return unlink(token) == 0;
}

/* Until the test makes NAME.go, or the call is canceled. */
static void wait_for_go(apiary_call* call) {
    const char* const path = host->setting(call, STORY_NAME "_file", 0);
    char go[512];
    snprintf(go, sizeof go, "%s.go", path == NULL ? "" : path);
    struct pollfd canceled = {.fd = host->cancel_fd(call), .events = POLLIN, .revents = 0};
    while (access(go, F_OK) != 0 && poll(&canceled, 1, 20) == 0) {
    }
}

static int configure(apiary_call* call) {
    if (wants(call, "refused")) {
        host->message(call, APIARY_ERROR, STORY_NAME "_do", "nobody may say this");
        return APIARY_FAILED;
    }
    if (wants(call, "doubted")) {
        host->message(call, APIARY_WARNING, STORY_NAME "_do", "this is doubtful");
    }
    return APIARY_OK;
}

static int prestart(void* self, apiary_call* call) {
    (void)self;
    tell(call, "prestart", STORY_VERSION);
    if (wants(call, "crash") && takes_token(call)) {
        crash();
    }
    if (wants(call, "die") && takes_token(call)) {
        raise(SIGKILL);
    }
    if (wants(call, "always-crash")) {
        crash();
    }
    if (wants(call, "wait")) {
        wait_for_go(call);
    }
    if (wants(call, "hang") && takes_token(call)) {
        for (;;) {
            pause();
        }
    }
    if (wants(call, "line")) {
        const char* const argv[] = {"sh", "-c", "echo a line of a child", NULL};
        struct apiary_command const command = {.size = sizeof command, .path = "/bin/sh", .argv = argv};
        struct apiary_outcome outcome = {.size = sizeof outcome};
        host->run(call, &command, &outcome);
    }
    if (wants(call, "veto")) {
        host->message(call, APIARY_ERROR, NULL, "not on a Sunday");
        return APIARY_VETO;
    }
    host->contribute(call, "note", "made", "something that is to be given back");
    if (wants(call, "fail")) {
        host->message(call, APIARY_ERROR, NULL, "half of it is there");
        return APIARY_FAILED;
    }
    tell(call, "prestarted", "");
    return APIARY_OK;
}

static int poststop(void* self, apiary_call* call) {
    (void)self;
    struct apiary_contribution one = {.size = sizeof one};
    const char* const given = host->contribution(call, 0, &one) == 0 ? one.value : "nothing";
    tell(call, "poststop", given);
    if (wants(call, "crash-undo") && takes_token(call)) {
        crash();
    }
    return APIARY_OK;
}

static int renew(void* self, apiary_call* call) {
    (void)self;
    tell(call, "renew", "");
    return APIARY_OK;
}

static int event(void* self, apiary_call* call) {
    (void)self;
    char state[64];
    snprintf(state, sizeof state, "%s/%s", host->event_field(call, "state"), host->event_field(call, "sub-state"));
#ifdef STORY_FRAGILE
    signal(SIGABRT, SIG_DFL);
    abort();
#endif
    tell(call, "event", state);
    if (wants(call, "emit") && strcmp(state, "running/") == 0) {
        const char* const details[] = {"colour", "blue", NULL};
        host->emit(self_handle, host->vm_name(call), "it runs", details);
    }
    return APIARY_OK;
}

static int init(apiary_self* handle, void** self) {
    self_handle = handle;
    *self = NULL;
    return APIARY_OK;
}

static const struct apiary_key keys[] = {
    {.name = STORY_NAME "_file", .type = APIARY_KEY_PATH, .doc = "where its calls are written down"},
    {.name = STORY_NAME "_do", .flags = APIARY_KEY_LIST, .doc = "what it does in its calls"},
    {.name = STORY_NAME "_times",
     .type = APIARY_KEY_INTEGER,
     .fallback = "3",
     .doc = "a number",
     .least = 1,
     .most = 9},
};
static const char* const events[] = {"state", NULL};

static const struct apiary_plugin plugin = {
    .size = sizeof plugin,
    .abi = APIARY_PLUGIN_ABI,
    .name = STORY_NAME,
    .version = STORY_VERSION,
    .doc = "writes down what it is called for",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .key_size = sizeof keys[0],
    .phase = APIARY_PHASE_HOOK,
    .events = events,
    .prestart_timeout_ms = STORY_TIMEOUT,
    .poststop_timeout_ms = STORY_TIMEOUT,
    .event_timeout_ms = STORY_TIMEOUT,
    .init = init,
    .configure = configure,
    .prestart = prestart,
    .poststop = poststop,
    .renew = renew,
    .event = event,
};

const struct apiary_plugin* apiary_plugin_entry(const struct apiary_host* given) {
    host = given;
    return &plugin;
}
