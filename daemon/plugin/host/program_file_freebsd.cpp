// FreeBSD: a descriptor of O_PATH is opened by an empty name beneath it.
#include <fcntl.h>

#include "plugin/host/program_file.hpp"

namespace apiary::plugin::host {

auto open_again(int looked_at) -> UniqueFd {
    return UniqueFd{::openat(looked_at, "", O_RDONLY | O_EMPTY_PATH | O_CLOEXEC)};
}

}  // namespace apiary::plugin::host
