// One alarm of the operating system, as a descriptor that becomes readable when it goes off.
//
// Why not Asio's timers: once used, they wake the process every five minutes for ever. An idle daemon does not wake up.
#pragma once

#include "vm/loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary {

class Alarm {
public:
    Alarm();  // throws std::system_error
    [[nodiscard]] auto fd() const -> int { return fd_.get(); }
    void set(MonoTime when);  // in place of the one set before; what lies in the past goes off at once
    void clear();
    void take();  // it has gone off: the descriptor is not readable any more

private:
    UniqueFd fd_;
};

}  // namespace apiary
