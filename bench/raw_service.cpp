// The limit to compare with: a service on bare sd-bus that answers a call, or sends a signal of the size of our Event.
#include <systemd/sd-bus.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

auto state(sd_bus*, char const*, char const*, char const*, sd_bus_message* reply, void*, sd_bus_error*) -> int {
    return sd_bus_message_append(reply, "s", "stopped");
}

auto trigger(sd_bus_message* call, void*, sd_bus_error*) -> int {
    int const sent =
        sd_bus_emit_signal(sd_bus_message_get_bus(call), "/bench", "org.apiary.Bench", "Event", "ttstsssssa{sv}",
                           std::uint64_t{1}, std::uint64_t{1}, "0123456789abcdef0123456789abcdef", std::uint64_t{1},
                           "bench", "job-new", "stopped", "", "", 2, "command", "s", "stop", "uid", "s", "0");
    return sent < 0 ? sent : sd_bus_reply_method_return(call, "o", "/bench/job");
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wold-style-cast"
#pragma clang diagnostic ignored "-Wc99-extensions"
#pragma clang diagnostic ignored "-Wpedantic"
sd_bus_vtable const vtable[] = {SD_BUS_VTABLE_START(0),
                                SD_BUS_PROPERTY("State", "s", state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
                                SD_BUS_METHOD("Trigger", "", "o", trigger, SD_BUS_VTABLE_UNPRIVILEGED),
                                SD_BUS_SIGNAL("Event", "ttstsssssa{sv}", 0), SD_BUS_VTABLE_END};
#pragma clang diagnostic pop

}  // namespace

auto main() -> int {
    sd_bus* bus = nullptr;
    if (sd_bus_open_system(&bus) < 0 ||
        sd_bus_add_object_vtable(bus, nullptr, "/bench", "org.apiary.Bench", vtable, nullptr) < 0 ||
        sd_bus_request_name(bus, "org.apiary.Bench", 0) < 0) {
        std::fprintf(stderr, "raw service: the bus does not take it\n");
        return EXIT_FAILURE;
    }
    while (true) {
        int const done = sd_bus_process(bus, nullptr);
        if (done < 0 || (done == 0 && sd_bus_wait(bus, UINT64_MAX) < 0)) {
            return EXIT_SUCCESS;  // the bus has ended
        }
    }
}
