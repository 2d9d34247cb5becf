// apiaryctl reload, version, daemon stop
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>

#include "ctl/commands/commands.hpp"
#include "ctl/config_text.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"
#include "ctl/live_list.hpp"
#include "ctl/process_end.hpp"
#include "ctl/signals.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

void print_names(Output& output, std::string_view what, Strings const& names) {
    for (auto const& name : names) {
        output.out << what << ' ' << printable(name) << '\n';
    }
}

// All that the daemon has to stop; a guest of an earlier daemon runs on. Gives the number of the last event that this
// shows.
auto list_running(Client& client, LiveList& list) -> std::uint64_t {
    auto const page = all_vms(client, {});
    for (auto const& vm : page.vms) {
        if (!is_at_rest(vm.state) && vm.sub_state != "not-adopted") {
            list.add({.name = vm.name,
                      .state = vm.state,
                      .sub_state = vm.sub_state,
                      .reason = vm.reason,
                      .since = vm.since,
                      .behind = {},
                      .left_alone = {}});
        }
    }
    return page.seq;
}

// The daemon is gone when it has given up its name, or the bus with it (a private one ends with it).
auto wait_for_the_end(Context& context, Client& client, LiveList& list, std::uint64_t known,
                      SignalCatcher const& signals) -> ExitCode {
    using namespace std::chrono_literals;
    bool const live = context.output.err_style.tty && !context.output.quiet;
    for (;;) {
        // The list shows how long things take, so its clock must go.
        auto const tick = live && !list.over() ? std::optional<std::chrono::milliseconds>{1s} : std::nullopt;
        list.draw();
        auto const notice = client.next(signals.fd(), tick);
        switch (notice.kind) {
            case Notice::Kind::daemon_gone:
            case Notice::Kind::bus_lost:
                return ExitCode::ok;
            case Notice::Kind::interrupted:
                list.clear();
                context.output.err << "Interrupted. The daemon goes on with it: there is no way back.\n";
                return exit_code_of_signal(SignalCatcher::caught());
            case Notice::Kind::event:
                if (notice.event.type == "state" && notice.event.seq > known) {
                    list.see(notice.event.vm, notice.event.state, notice.event.sub_state, notice.event.reason,
                             notice.event.time);
                }
                break;
            default:
                break;
        }
    }
}

// It gives up its name first, and lets go of its folders last: who is told of its end may start another one.
auto wait_for_the_process(UniqueFd const& process, SignalCatcher const& signals) -> bool {
    constexpr int patience_ms = 10'000;  // moments are usual; a bus in another container may know it by another number
    std::array<pollfd, 2> waited{pollfd{process.get(), POLLIN, 0}, pollfd{signals.fd(), POLLIN, 0}};
    while (::poll(waited.data(), waited.size(), patience_ms) < 0 && errno == EINTR) {
    }
    return (waited[1].revents & POLLIN) == 0;
}

}  // namespace

auto reload(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    auto const [result, plans] = client->reload(asked.dry_run);
    if (asked.json) {
        output.out << reload_json(result, asked.dry_run) << '\n';
        return ExitCode::ok;
    }
    auto const added = strings_of(result, "added");
    auto const changed = strings_of(result, "changed");
    auto const removed = strings_of(result, "removed");
    auto const future = asked.dry_run ? "would be " : "";
    print_names(output, future + std::string{"added:  "}, added);
    print_names(output, future + std::string{"changed:"}, changed);
    for (auto const& name : removed) {
        auto const plan = std::ranges::find(plans, name, &VmPlan::name);
        bool const stays = plan != plans.end() && plan->effect != "remove";
        output.out << future << "removed: " << printable(name)
                   << (stays ? " (" + printable(effect_text(plan->effect)) + ')' : std::string{}) << '\n';
    }
    if (added.empty() && changed.empty() && removed.empty()) {
        output.out << (asked.dry_run ? "nothing would change\n" : "nothing has changed\n");
    }
    for (auto const& text : strings_of(result, "diagnostics")) {
        output.err << painted(printable(text), Colour::yellow, output.err_style) << '\n';
    }
    return ExitCode::ok;
}

auto version(Context& context, Invocation const& asked) -> ExitCode {
    std::optional<DaemonInfo> daemon;
    std::string bus;
    try {
        auto const client = context.connect();
        bus = client->where();
        daemon = client->daemon_info();
    } catch (Failure const&) {
        daemon.reset();  // our own version is known all the same
    }
    auto& out = context.output.out;
    if (asked.json) {
        out << version_json(daemon ? &*daemon : nullptr) << '\n';
        return ExitCode::ok;
    }
    out << "apiaryctl " << APIARY_VERSION << '\n';
    if (daemon) {
        out << "apiaryd " << printable(daemon->version) << " (API " << daemon->api_version << ", on the bus " << bus
            << ")\n";
    } else {
        out << "apiaryd does not answer ('apiaryctl status' says where it was looked for)\n";
    }
    return ExitCode::ok;
}

auto daemon_stop(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    SignalCatcher const signals;
    LiveList list{output};
    if (asked.wait) {
        client->subscribe({.vms = {}, .types = {"state"}});
    }
    std::uint64_t known = 0;
    if (asked.wait && !asked.keep_vms) {
        known = list_running(*client, list);
    }
    auto const pid = asked.wait ? client->daemon_pid() : 0;
    auto const process = pid > 0 ? follow_process(pid) : UniqueFd{};
    client->shutdown(asked.force, asked.keep_vms);
    auto code = asked.wait ? wait_for_the_end(context, *client, list, known, signals) : ExitCode::ok;
    list.clear();
    if (code == ExitCode::ok && process && !wait_for_the_process(process, signals)) {
        code = exit_code_of_signal(SignalCatcher::caught());
    }
    if (code != ExitCode::ok) {
        return code;
    }
    if (asked.json) {
        output.out << (asked.wait ? R"({"result":"done"})" : R"({"result":"asked"})") << '\n';
    } else {
        for (auto const& row : list.rows()) {
            if (row.switched_off() && is_at_rest(row.state)) {
                output.out << printable(row.name) << ": " << row.end_text() << '\n';
            }
        }
        std::string const what = asked.keep_vms ? "the VMs are left alone, " : "all VMs are stopped, ";
        std::string const wish = asked.keep_vms ? "to end and to leave the VMs alone" : "to stop all VMs and to end";
        output.out << (asked.wait ? what + "the daemon has ended" : "asked the daemon " + wish) << '\n';
    }
    return ExitCode::ok;
}

}  // namespace apiary::ctl
