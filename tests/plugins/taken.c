/* Declares a key that is Apiary's own. */
#include <apiary/plugin.h>

static int prestart(void* plugin, apiary_call* call) {
    (void)plugin;
    (void)call;
    return APIARY_OK;
}

APIARY_PLUGIN_EXPORT const struct apiary_plugin* apiary_plugin_entry(const struct apiary_host* host) {
    static const struct apiary_key key = {.name = "memory", .doc = "How much it remembers"};
    static struct apiary_plugin plugin = {.size = sizeof plugin,
                                          .abi = APIARY_PLUGIN_ABI,
                                          .name = "taken",
                                          .version = "1.0",
                                          .doc = "Wants a key that it cannot have",
                                          .keys = &key,
                                          .key_count = 1,
                                          .key_size = sizeof key,
                                          .prestart = prestart};
    (void)host;
    return &plugin;
}
