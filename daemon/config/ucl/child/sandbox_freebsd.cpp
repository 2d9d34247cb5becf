// FreeBSD: capability mode. The standard descriptors are all that is left.
#include <sys/capsicum.h>

#include <cerrno>
#include <cstring>

#include "config/ucl/child/confine.hpp"

namespace apiary::config::ucl {

auto enter_sandbox() -> std::string {
    // A kernel without capability mode says ENOSYS; the limits and the user stay.
    if (::cap_enter() != 0 && errno != ENOSYS) {
        return std::string{"cap_enter: "} + std::strerror(errno);
    }
    return {};
}

}  // namespace apiary::config::ucl
