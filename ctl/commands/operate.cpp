// apiaryctl start, stop, poweroff, reset, pause, resume, failreset
#include <algorithm>
#include <optional>
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"
#include "ctl/operation.hpp"
#include "ctl/signals.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

auto ask(Client& client, std::string const& name, Invocation const& asked) -> Operation {
    try {
        Operation operation;
        operation.vm = name;
        operation.command = asked.command;
        operation.vm_path = find_vm(client, name);
        operation.job = client.command(operation.vm_path, asked.command, asked.force);
        return operation;
    } catch (Failure const& failure) {
        return refused(name, asked.command, failure);
    }
}

void say_that_it_goes_on(Output& output, std::vector<Operation> const& operations) {
    std::string jobs;
    for (auto const& operation : operations) {
        if (operation.running()) {
            output.err << "Interrupted. The " << to_string(operation.command) << " of " << printable(operation.vm)
                       << " goes on in the daemon (job " << job_id(operation.job) << ").\n";
            jobs += ' ' + std::to_string(job_id(operation.job));
        }
    }
    if (!jobs.empty()) {
        output.err << "  To cancel it: apiaryctl cancel" << jobs << '\n';
    }
    for (auto const& operation : operations) {
        if (operation.code != ExitCode::ok) {
            tell_failure(output, operation.vm, outcome_text(operation), operation.hint);
        }
    }
}

void print(Output& output, std::vector<Operation> const& operations) {
    if (output.json) {
        output.out << operations_json(operations) << '\n';
    }
    for (auto const& operation : operations) {
        if (operation.code != ExitCode::ok) {
            tell_failure(output, operation.vm, outcome_text(operation), operation.hint);
        } else if (!output.json) {
            output.out << printable(operation.vm) << ": " << outcome_text(operation) << '\n';
        }
    }
    bool const asked_only = std::ranges::any_of(operations, &Operation::running);
    if (asked_only && !output.json && !output.quiet && output.err_style.tty) {
        output.err << "  To follow it: apiaryctl jobs\n";
    }
}

}  // namespace

auto operate(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    std::optional<SignalCatcher> signals;
    if (asked.wait) {
        // Before the first command: no end of a job falls between the two.
        signals.emplace();
        client->subscribe({.vms = asked.vms, .types = {"job-end"}});
    }
    std::vector<Operation> operations;
    for (auto const& name : asked.vms) {
        operations.push_back(ask(*client, name, asked));
        if (signals && SignalCatcher::caught() != 0) {
            break;
        }
    }
    if (asked.wait) {
        Progress progress{context.output};
        if (wait_for(*client, operations, progress, signals->fd()) == WaitEnd::interrupted) {
            if (context.output.json) {
                context.output.out << operations_json(operations) << '\n';
            }
            say_that_it_goes_on(context.output, operations);
            return exit_code_of_signal(SignalCatcher::caught());
        }
        note_failed(*client, operations);
    }
    signals.reset();
    print(context.output, operations);
    auto const bad = std::ranges::find_if(operations, [](auto const& each) { return each.code != ExitCode::ok; });
    if (bad != operations.end()) {
        return bad->code;
    }
    return asked.open_console ? console(context, asked) : ExitCode::ok;
}

}  // namespace apiary::ctl
