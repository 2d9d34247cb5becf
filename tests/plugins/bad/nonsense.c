/* Declares what cannot be. */
#include <apiary/plugin.h>

static char const* const itself[] = {"Nonsense", 0};
static struct apiary_key const keys[] = {
    {.name = "Upper Case", .doc = "x"},
    {.name = "twice", .type = APIARY_KEY_INTEGER, .fallback = "many", .doc = "x"},
    {.name = "twice", .type = APIARY_KEY_WORD, .flags = APIARY_KEY_ROOT_ONLY, .doc = "two\nlines"},
    {.name = "later", .type = 4711, .flags = 0xffffffffu, .doc = ""},
};
static struct apiary_plugin const plugin = {
    .size = sizeof plugin,
    .abi = APIARY_PLUGIN_ABI,
    .name = "Nonsense",
    .version = "\x01",
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .key_size = sizeof *keys,
    .phase = 99,
    .flags = 0xfffffff0u,
    .before = itself,
    .events = itself,
    .capabilities = itself,
    .prestart_timeout_ms = 0xffffffffu,
};

struct apiary_plugin const* apiary_plugin_entry(struct apiary_host const* host) {
    (void)host;
    return &plugin;
}
