// Figures about this process: glibc.
#include <malloc.h>

#include "bus/debug_info.hpp"

namespace apiary::bus {

auto heap_used() -> std::optional<std::uint64_t> {
    return ::mallinfo2().uordblks;
}

}  // namespace apiary::bus
