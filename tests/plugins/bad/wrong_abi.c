/* Built for an interface that no Apiary has. */
#include <apiary/plugin.h>

static struct apiary_plugin const plugin = {.size = sizeof plugin, .abi = 7, .name = "wrong-abi"};

struct apiary_plugin const* apiary_plugin_entry(struct apiary_host const* host) {
    (void)host;
    return &plugin;
}
