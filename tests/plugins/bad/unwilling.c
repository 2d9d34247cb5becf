/* Works with no host. */
#include <apiary/plugin.h>

struct apiary_plugin const* apiary_plugin_entry(struct apiary_host const* host) {
    (void)host;
    return 0;
}
