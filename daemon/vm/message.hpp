// What lands in a VM's inbox. One message is handled after the other, each against the state that the one before left.
#pragma once

#include <functional>
#include <string>

#include "vm/engine.hpp"
#include "vm/table.hpp"

namespace apiary {

// Why the VM is going down, or did not come up: the first cause is the one that is told.
struct Cause {
    Reason reason = Reason::none;
    std::string text;
};

struct Message {
    enum class Kind { command, boot, definition, vanish, order, step_answer, steps, guest, timer };
    Kind kind = Kind::timer;
    Input input = Input::start;  // command, order, timer
    Cause cause;                 // command: requested, or host_shutdown
    uid_t requester = 0;
    std::function<void(Outcome<std::uint64_t>)> reply;
    bool again = false;        // start: the failure policy asks for it
    std::uint64_t job = 0;     // cancel: of which
    DefinitionPtr definition;  // definition
    StepResult result;         // step_answer
    GuestEvent guest{};        // guest
    // timer, guest, step_answer, order: of which arming, launch, call, job; others are stale
    std::uint64_t generation = 0;
};

}  // namespace apiary
