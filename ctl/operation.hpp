// Commands to VMs that the daemon carries out as jobs: how each went, and waiting for their ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/client.hpp"
#include "ctl/exit_code.hpp"
#include "ctl/output.hpp"

namespace apiary::ctl {

struct Operation {
    std::string vm, vm_path;  // vm_path: empty where it was refused
    Command command = Command::start;
    std::string job;  // its path; empty: there is none
    // As the property Result of the job; besides `refused` (no job was made) and `unknown` (the daemon went away, or
    // has forgotten the job).
    std::string result = "running";
    std::string reason, error, error_name, hint;
    std::string stage;
    std::string failed_as;  // of a VM that is at rest as it was to be, but failed: its state
    double progress = 0.0;
    ExitCode code = ExitCode::ok;

    [[nodiscard]] auto running() const -> bool { return result == "running"; }
};

[[nodiscard]] auto refused(std::string vm, Command command, Failure const& failure) -> Operation;

// What a job's properties (all of them, or those that changed) say of the operation.
void take(Operation& operation, Values const& properties);

enum class WaitEnd { all_ended, interrupted };
// Until all jobs have ended. client.subscribe() must have been called before the jobs were made.
auto wait_for(Client& client, std::vector<Operation>& operations, Progress& progress, int interrupt) -> WaitEnd;

// Whether VMs that are at rest now, as was asked for, are so because they failed: the job does not tell.
void note_failed(Client& client, std::vector<Operation>& operations);

// For people: "web: started", "web: start was canceled".
[[nodiscard]] auto outcome_text(Operation const& operation) -> std::string;

}  // namespace apiary::ctl
