// The C library under everything here (sd-bus: libsystemd's, or basu's elsewhere), with owners for what it hands out.
#pragma once

#if __has_include(<systemd/sd-bus.h>)
#include <systemd/sd-bus.h>
#else
#include <basu/sd-bus.h>
#endif

#include <memory>
#include <string>

namespace apiary::bus {

struct MessageUnref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using MessagePtr = std::unique_ptr<sd_bus_message, MessageUnref>;

struct SlotUnref {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
// What is registered with the bus, for as long as this lives.
using SlotPtr = std::unique_ptr<sd_bus_slot, SlotUnref>;

// Throws where a call of the library fails: only for what fails when memory does, or when this code is wrong.
void check(int result, char const* what);

[[nodiscard]] inline auto text_or_empty(char const* text) -> std::string {
    return text != nullptr ? text : "";
}

}  // namespace apiary::bus
