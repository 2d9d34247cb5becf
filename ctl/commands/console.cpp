// apiaryctl console
#include "ctl/console.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/signals.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

void greet(Output& output, std::string const& name, bool read_only) {
    if (output.quiet || ::isatty(STDIN_FILENO) != 1) {
        return;
    }
    output.err << "Console of " << printable(name) << (read_only ? ", to read only" : "")
               << ". Enter ~. leaves, Enter ~? helps.\n"
               << std::flush;
}

// The console closes with the hypervisor, a moment before the daemon has cleaned up after it: what people want to know
// is where the VM comes to rest. What takes longer is told as it is.
auto at_rest(Client& client, std::string const& name, std::string const& path) -> Values {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::seconds patience{3};
    client.subscribe({.vms = {name}, .types = {"state"}});
    auto const deadline = Clock::now() + patience;
    for (;;) {
        auto vm = client.vm_properties(path);
        auto const state = text_of(vm, "State");
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (state == "stopped" || state == "failed" || left.count() <= 0) {
            return vm;
        }
        constexpr int no_interrupt = -1;  // the usual end by a signal is good enough
        static_cast<void>(client.next(no_interrupt, left));
    }
}

// Why it ended is in the VM's state, if the daemon is there to tell: perhaps another than that which opened it.
auto say_that_it_ended(Context& context, std::string const& name, std::string const& path) -> ExitCode {
    auto& output = context.output;
    try {
        auto const vm = at_rest(*context.connect(), name, path);
        auto const reason = text_of(vm, "Reason");
        output.err << "Console closed: " << printable(name) << " is "
                   << state_text(text_of(vm, "State"), text_of(vm, "SubState"))
                   << (reason.empty() ? "" : " (" + printable(reason) + ')') << ".\n";
        return ExitCode::ok;
    } catch (Failure const& failure) {
        if (failure.code() == ExitCode::unreachable) {
            tell_failure(
                output, name, "the console was closed, and apiaryd does not answer",
                "A guest that runs is not touched by that. When it is back: apiaryctl console " + shell_word(name));
        } else {
            tell_failure(output, name, failure);
        }
        return failure.code();
    }
}

}  // namespace

auto console(Context& context, Invocation const& asked) -> ExitCode {
    auto& output = context.output;
    auto const& name = asked.vms.front();
    auto const client = context.connect();
    auto const path = find_vm(*client, name);
    // `--force` of other commands (start --console) is not meant for the console.
    bool const force = asked.force && asked.action == Invocation::Action::console;
    auto const fd = client->open_console(path, asked.read_only, force);
    greet(output, name, asked.read_only);
    output.out.flush();

    auto end = ConsoleEnd::quit;
    int caught = 0;
    {
        std::signal(SIGPIPE, SIG_IGN);  // the terminal is to be put right also where nobody takes the output any more
        SignalCatcher const signals;
        RawTerminal terminal{STDIN_FILENO};
        ConsoleOptions const options{
            .read_only = asked.read_only,
            .escapes = ::isatty(STDIN_FILENO) == 1,
            .suspend = [&] { terminal.suspend(); },
            .tell = [&](std::string_view text) { output.err << "\r\n"
                                                            << text << std::flush; },
        };
        end = run_console({.console = fd.get(), .interrupt = signals.fd()}, options);
        caught = SignalCatcher::caught();
    }
    if (::isatty(STDOUT_FILENO) == 1) {
        output.err << '\n';
    }
    switch (end) {
        case ConsoleEnd::quit:
            output.err << "Left the console. The guest goes on.\n";
            return ExitCode::ok;
        case ConsoleEnd::closed:
            return say_that_it_ended(context, name, path);
        case ConsoleEnd::interrupted:
            return exit_code_of_signal(caught);
        case ConsoleEnd::output_closed:
            return exit_code_of_signal(SIGPIPE);
    }
    return ExitCode::ok;
}

}  // namespace apiary::ctl
