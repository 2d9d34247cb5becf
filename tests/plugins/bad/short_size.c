/* Forgot to say how large its declaration is. */
#include <apiary/plugin.h>

static struct apiary_plugin const plugin = {.size = 24, .abi = APIARY_PLUGIN_ABI, .name = "short-size"};

struct apiary_plugin const* apiary_plugin_entry(struct apiary_host const* host) {
    (void)host;
    return &plugin;
}
