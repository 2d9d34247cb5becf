// Waiting for jobs.
#include "ctl/operation.hpp"

#include <algorithm>
#include <map>

#include "ctl/failure.hpp"
#include "ctl/hints.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

auto code_of(std::string_view result) -> ExitCode {
    if (result == "done" || result == "running") {
        return ExitCode::ok;
    }
    return result == "failed" ? ExitCode::failed : ExitCode::cut_short;
}

auto done_text(Command command) -> std::string_view {
    switch (command) {
        case Command::start:
            return "started";
        case Command::stop:
            return "stopped";
        case Command::poweroff:
            return "powered off";
        case Command::reset:
            return "reset";
        case Command::pause:
            return "paused";
        case Command::resume:
            return "runs on";
        case Command::fail_reset:
            return "no longer failed";
    }
    return {};
}

void lose(Operation& operation, ExitCode code, std::string const& error, std::string const& hint) {
    operation.result = "unknown";
    operation.code = code;
    operation.error = error;
    operation.hint = hint;
}

void read(Client& client, Operation& operation) {
    try {
        take(operation, client.job_properties(operation.job));
    } catch (Failure const& failure) {
        if (failure.code() != ExitCode::not_found) {
            lose(operation, failure.code(), failure.what(), failure.hint());
            return;
        }
        lose(operation, ExitCode::failed, "The daemon has forgotten the job before it told how it ended.",
             "The journal knows: apiaryctl events --vm " + shell_word(operation.vm));
    }
}

void read_running(Client& client, std::vector<Operation>& operations) {
    for (auto& operation : operations) {
        if (operation.running()) {
            read(client, operation);
        }
    }
}

auto step_text(Operation const& operation) -> std::string {
    auto const stage = operation.stage.empty() ? std::string{} : ": " + operation.stage;
    return operation.vm + ": " + std::string{to_string(operation.command)} + stage;
}

// On the one line that there is: the first that is not done.
void show(std::vector<Operation> const& operations, Progress& progress) {
    auto const current = std::ranges::find_if(operations, &Operation::running);
    if (current == operations.end()) {
        return;
    }
    auto line = step_text(*current);
    if (current->progress > 0.0) {
        line += ' ' + percent_text(current->progress);
    }
    if (operations.size() > 1) {
        auto const ended = std::ranges::count_if(operations, [](auto const& each) { return !each.running(); });
        line = std::to_string(ended) + " of " + std::to_string(operations.size()) + " done; " + line;
    }
    progress.line(line);
}

void change(Operation& operation, Values const& changed, Progress& progress) {
    // What was sent before we read the job can still arrive, and its end is taken from JobEnded: what belongs to it is
    // complete only then.
    bool const old = changed.contains("Progress") && real_of(changed, "Progress") < operation.progress;
    if (!operation.running() || old || changed.contains("Result")) {
        return;
    }
    auto const before = operation.stage;
    take(operation, changed);
    if (operation.stage != before && !operation.stage.empty()) {
        progress.step(step_text(operation));
    }
}

void daemon_went(std::vector<Operation>& operations) {
    for (auto& operation : operations) {
        if (operation.running()) {
            lose(operation, ExitCode::unreachable, "apiaryd went away while it worked on this.",
                 "Guests that run are not touched by that. When it is back: apiaryctl status " +
                     shell_word(operation.vm));
        }
    }
}

void listen_again(Client& client, std::vector<Operation>& operations) {
    try {
        client.subscribe({.vms = {}, .types = {"job-end"}});
        read_running(client, operations);
    } catch (Failure const& failure) {
        for (auto& operation : operations) {
            if (operation.running()) {
                lose(operation, failure.code(), failure.what(), failure.hint());
            }
        }
    }
}

}  // namespace

auto refused(std::string vm, Command command, Failure const& failure) -> Operation {
    Operation operation;
    operation.vm = std::move(vm);
    operation.command = command;
    operation.result = "refused";
    operation.error = failure.what();
    operation.error_name = failure.error_name();
    operation.hint = with_hint(failure, hint_for(failure.error_name(), operation.vm)).hint();
    operation.code = failure.code();
    return operation;
}

void take(Operation& operation, Values const& properties) {
    if (properties.contains("Stage")) {
        operation.stage = text_of(properties, "Stage");
    }
    if (properties.contains("Progress")) {
        operation.progress = real_of(properties, "Progress");
    }
    if (properties.contains("Result")) {
        operation.result = text_of(properties, "Result");
        operation.code = code_of(operation.result);
    }
    if (properties.contains("Reason")) {
        operation.reason = text_of(properties, "Reason");
    }
    if (properties.contains("Error")) {
        operation.error = text_of(properties, "Error");
    }
    if (operation.code != ExitCode::ok && operation.hint.empty()) {
        operation.hint = "What happened: apiaryctl events --vm " + shell_word(operation.vm);
    }
}

auto wait_for(Client& client, std::vector<Operation>& operations, Progress& progress, int interrupt) -> WaitEnd {
    // Some may have ended before we could ask; from here on their signals tell.
    read_running(client, operations);
    for (auto const& operation : operations) {
        if (operation.running() && !operation.stage.empty()) {
            progress.step(step_text(operation));
        }
    }
    while (std::ranges::any_of(operations, &Operation::running)) {
        show(operations, progress);
        auto const notice = client.next(interrupt, std::nullopt);
        switch (notice.kind) {
            case Notice::Kind::job_changed:
                for (auto& operation : operations) {
                    if (operation.job == notice.path) {
                        change(operation, notice.values, progress);
                    }
                }
                break;
            case Notice::Kind::job_ended:
                for (auto& operation : operations) {
                    if (operation.job == notice.path && operation.running()) {
                        read(client, operation);
                    }
                }
                break;
            case Notice::Kind::missed:
                listen_again(client, operations);
                break;
            case Notice::Kind::daemon_gone:
            case Notice::Kind::bus_lost:
                daemon_went(operations);
                break;
            case Notice::Kind::interrupted:
                progress.clear();
                return WaitEnd::interrupted;
            case Notice::Kind::event:
            case Notice::Kind::daemon_back:
            case Notice::Kind::timed_out:
                break;
        }
    }
    progress.clear();
    return WaitEnd::all_ended;
}

void note_failed(Client& client, std::vector<Operation>& operations) {
    std::map<std::string, Operation*> ended;  // by path
    VmFilter filter{.names = {}, .states = {"failed"}, .fields = {}};
    for (auto& operation : operations) {
        bool const ends = operation.command == Command::stop || operation.command == Command::poweroff;
        if (ends && operation.result == "done") {
            ended.emplace(operation.vm_path, &operation);
            filter.names.push_back(operation.vm);
        }
    }
    if (ended.empty()) {
        return;
    }
    try {
        for (auto const& vm : all_vms(client, filter).vms) {
            if (auto const found = ended.find(vm.path); found != ended.end()) {
                found->second->failed_as = state_text(vm.state, vm.sub_state);
            }
        }
    } catch (Failure const&) {
        return;  // the daemon has ended: what was asked for is done all the same
    }
}

auto outcome_text(Operation const& operation) -> std::string {
    auto const command = std::string{to_string(operation.command)};
    auto because = operation.error.empty() ? operation.reason : operation.error;
    auto const tail = because.empty() ? std::string{} : ": " + because;
    if (operation.result == "done" && !operation.failed_as.empty()) {
        return "at rest, but " + operation.failed_as;
    }
    if (operation.result == "done") {
        return std::string{done_text(operation.command)};
    }
    if (operation.result == "running") {
        return command + " asked for (job " + std::to_string(job_id(operation.job)) + ')';
    }
    if (operation.result == "canceled") {
        return command + " was canceled" + tail;
    }
    if (operation.result == "superseded") {
        return command + " was given up for a later command" + tail;
    }
    if (operation.result == "timeout") {
        return command + " ran out of time" + tail;
    }
    if (operation.result == "refused" || operation.result == "unknown") {
        return because;
    }
    return command + " failed" + tail;
}

}  // namespace apiary::ctl
