/* stopwatch: tells with an event of its own how long a VM ran. A small plugin in C; it hears of all VMs, and needs
 * nothing but what prestart noted. */
#include <apiary/plugin.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct apiary_host const* host;
static struct apiary_self* self;

static int init(struct apiary_self* its, void** unused) {
    (void)unused;
    self = its;
    return APIARY_OK;
}

static int prestart(void* unused, struct apiary_call* call) {
    (void)unused;
    char now[32];
    snprintf(now, sizeof now, "%" PRId64, (int64_t)time(NULL));
    return host->contribute(call, "note", "begun", now) == 0 ? APIARY_OK : APIARY_FAILED;
}

static int poststop(void* unused, struct apiary_call* call) {
    (void)unused;
    struct apiary_contribution one = {.size = sizeof one};
    for (size_t i = 0; host->contribution(call, i, &one) == 0; ++i) {
        char text[64];
        int64_t const seconds = (int64_t)time(NULL) - strtoll(one.value, NULL, 10);
        snprintf(text, sizeof text, "it was up for %" PRId64 " s", seconds);
        host->emit(self, host->vm_name(call), text, NULL);
    }
    return APIARY_OK; /* also where prestart noted nothing: it never came to that */
}

static struct apiary_plugin const plugin = {
    .size = sizeof plugin,
    .abi = APIARY_PLUGIN_ABI,
    .name = "stopwatch",
    .version = "1.0",
    .doc = "Tells how long each VM ran",
    .flags = APIARY_PLUGIN_ALL_VMS | APIARY_PLUGIN_NOT_NEEDED | APIARY_PLUGIN_NO_NETWORK,
    .init = init,
    .prestart = prestart,
    .poststop = poststop,
};

struct apiary_plugin const* apiary_plugin_entry(struct apiary_host const* its) {
    host = its;
    return &plugin;
}
