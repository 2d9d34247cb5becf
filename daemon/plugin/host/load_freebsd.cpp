// FreeBSD: fdlopen(3).
#include <dlfcn.h>

#include "plugin/host/loading.hpp"

namespace apiary::plugin::host {

auto open_object(int descriptor) -> Opened {
    return {.handle = ::fdlopen(descriptor, RTLD_NOW | RTLD_LOCAL), .shown = {}};
}

}  // namespace apiary::plugin::host
