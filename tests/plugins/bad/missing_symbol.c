/* Calls a function that is nowhere. */
#include <apiary/plugin.h>

int apiary_test_nowhere_to_be_found(void);

static struct apiary_plugin plugin = {.size = sizeof plugin, .abi = APIARY_PLUGIN_ABI, .name = "missing-symbol"};

struct apiary_plugin const* apiary_plugin_entry(struct apiary_host const* host) {
    (void)host;
    plugin.flags = (uint32_t)apiary_test_nowhere_to_be_found();
    return &plugin;
}
