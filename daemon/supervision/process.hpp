// Processes that are not (or need not be) our children: which one is meant, whether it lives, a signal for it alone.
//
// A pid alone names nothing for long, and kill(pid, 0) calls a zombie alive. Here a process is named by pid and start
// time, and held by a descriptor of the system.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "vm/unique_fd.hpp"

namespace apiary::supervision {

struct ProcessId {
    pid_t pid = 0;            // 0: not known
    std::uint64_t start = 0;  // as the system counts it; 0: not compared (our own child, not yet reaped)
    friend auto operator==(ProcessId const&, ProcessId const&) -> bool = default;
};

class Process {
public:
    // Becomes readable when the process ends, reaped or not.
    [[nodiscard]] auto descriptor() const -> int { return fd_.get(); }
    [[nodiscard]] auto ended() const -> bool;
    // Reaches this process or none. False: it is gone.
    [[nodiscard]] auto signal(int number) const -> bool;

    explicit Process(UniqueFd fd) : fd_{std::move(fd)} {}

private:
    UniqueFd fd_;
};

struct ProcessLookup {
    std::optional<Process> process;  // it lives
    bool gone = false;               // it does not. Neither: that cannot be told now (out of descriptors, say)
};
[[nodiscard]] auto find_process(ProcessId const& id) -> ProcessLookup;

// Identifies this boot of the host; empty: cannot be known.
[[nodiscard]] auto boot_id() -> std::string;

// The user at the other end of a connected unix socket.
[[nodiscard]] auto peer_uid(int socket) -> std::optional<uid_t>;

}  // namespace apiary::supervision
