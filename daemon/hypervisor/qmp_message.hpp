// One line of QEMU's machine protocol, as far as this project needs it (qemu: docs/interop/qmp-spec). The JSON library
// is in qmp_message.cpp alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace apiary::hypervisor {

struct QmpMessage {
    enum class Kind {
        greeting,
        reply,    // `id` was done
        error,    // `id` was refused: text
        event,    // name and the rest
        other,    // well-formed, and of no interest
        garbage,  // not the protocol: text says what is wrong
    };
    Kind kind = Kind::other;
    std::uint64_t id = 0;
    std::string text;
    std::string status;  // reply of query-status

    std::string name;
    std::string reason;        // SHUTDOWN, RESET
    std::string action;        // GUEST_PANICKED, BLOCK_IO_ERROR
    std::string device;        // BLOCK_IO_ERROR
    std::int64_t when_us = 0;  // QEMU's own clock
};

[[nodiscard]] auto parse_qmp(std::string_view line) -> QmpMessage;

}  // namespace apiary::hypervisor
