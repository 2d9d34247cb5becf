/* A plugin whose functions do nothing: what is left is what a call costs. */
#include <apiary/plugin.h>

static int nothing(void* self, struct apiary_call* call) {
    (void)self;
    (void)call;
    return APIARY_OK;
}

static char const* const events[] = {"state", 0};

static struct apiary_plugin const plugin = {
    .size = sizeof plugin,
    .abi = APIARY_PLUGIN_ABI,
    .name = "empty",
    .version = "1.0",
    .doc = "Does nothing",
    .flags = APIARY_PLUGIN_ALL_VMS,
    .events = events,
    .prestart = nothing,
    .poststop = nothing,
    .event = nothing,
};

struct apiary_plugin const* apiary_plugin_entry(struct apiary_host const* host) {
    (void)host;
    return &plugin;
}
