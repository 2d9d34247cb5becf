// A job: one operation that somebody asked for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "vm/event.hpp"

namespace apiary {

enum class Command { start, stop, poweroff, reset, pause, resume, fail_reset };
[[nodiscard]] auto to_string(Command) -> std::string_view;

enum class JobResult { running, done, failed, canceled, superseded, timeout };
[[nodiscard]] auto to_string(JobResult) -> std::string_view;

struct Job {
    std::uint64_t id = 0;  // seq of the event that made it
    Command command = Command::start;
    std::string vm;
    uid_t requester = 0;
    std::string stage;      // what it is doing: "prestart network", "launching", "acpi" …; empty at its end
    double progress = 0.0;  // 0 … 1; rises
    JobResult result = JobResult::running;
    Reason reason = Reason::none;  // of a job that is not `done`
    std::string error;             // for people; empty while running and when done
    bool cancelable = false;
    WallTime started, ended;
    Audience audience;
};

}  // namespace apiary
