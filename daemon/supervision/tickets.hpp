// Leave to launch: a file in the run folder, made before the shim is spawned, which the shim removes before it executes
// anything (protocol.h). Who removes it first has decided whether that launch ever happens.
#pragma once

#include <string>

namespace apiary::supervision {

struct Ticket {
    std::string name;   // of the file in the run folder; empty: it could not be made
    std::string fault;  // why not
};
// Leave for one launch; leave given for earlier ones in the same folder is taken back.
[[nodiscard]] auto issue_ticket(std::string const& run_dir) -> Ticket;

// From here on only a shim that holds its lock already can start something there. False: that cannot be said now
// (errno).
[[nodiscard]] auto void_tickets(std::string const& run_dir) -> bool;

}  // namespace apiary::supervision
