// Linux: a descriptor of O_PATH is opened by its link in /proc.
#include <fcntl.h>

#include "plugin/host/program_file.hpp"

namespace apiary::plugin::host {

auto open_again(int looked_at) -> UniqueFd {
    std::string const link = "/proc/self/fd/" + std::to_string(looked_at);
    return UniqueFd{::open(link.c_str(), O_RDONLY | O_CLOEXEC)};
}

}  // namespace apiary::plugin::host
