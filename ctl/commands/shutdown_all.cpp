// apiaryctl shutdown-all
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <ostream>
#include <string>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"
#include "ctl/live_list.hpp"
#include "ctl/signals.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

// Where all of them are now; those that are gone were at rest. Gives the number of the last event that this shows.
auto look(Client& client, LiveList& list) -> std::uint64_t {
    auto const page = all_vms(client, {});
    std::map<std::string_view, VmRow const*> found;
    for (auto const& vm : page.vms) {
        found.emplace(vm.name, &vm);
    }
    for (auto const& row : std::vector{list.rows()}) {
        if (auto const vm = found.find(row.name); vm != found.end()) {
            list.see(row.name, vm->second->state, vm->second->sub_state, vm->second->reason, vm->second->since);
        } else {
            list.see(row.name, "stopped", "", "", row.since);
        }
    }
    return page.seq;
}

auto add_all(Client& client, std::vector<StopRow> const& stops, LiveList& list) -> std::uint64_t {
    auto page = all_vms(client, {});
    std::map<std::string, VmRow> known;
    for (auto& vm : page.vms) {
        known.emplace(vm.name, std::move(vm));
    }
    for (auto const& stop : stops) {
        auto const vm = known.find(stop.name);
        if (vm == known.end()) {
            list.add({.name = stop.name,  // and removed already
                      .state = "stopped",
                      .sub_state = {},
                      .reason = {},
                      .behind = stop.behind,
                      .left_alone = {}});
            continue;
        }
        list.add({.name = stop.name,
                  .state = vm->second.state,
                  .sub_state = vm->second.sub_state,
                  .reason = vm->second.reason,
                  .since = vm->second.since,
                  .behind = stop.behind,
                  .left_alone = {}});
    }
    return page.seq;
}

void say_that_they_go_on(Output& output, LiveList const& list) {
    auto const left = std::ranges::count_if(list.rows(), [](auto const& row) { return !row.over(); });
    output.err << "Interrupted. The daemon goes on with stopping " << left << (left == 1 ? " VM" : " VMs")
               << ". To see how: apiaryctl list\n";
}

// None: all came to rest, or stay up.
auto watch(Client& client, LiveList& list, std::uint64_t known, SignalCatcher const& signals, Output& output)
    -> std::optional<ExitCode> {
    using namespace std::chrono_literals;
    // The list shows how long things take, so its clock must go; elsewhere nothing is said without a cause.
    auto const tick =
        output.err_style.tty && !output.quiet ? std::optional<std::chrono::milliseconds>{1s} : std::nullopt;
    while (!list.over()) {
        list.draw();
        auto const notice = client.next(signals.fd(), tick);
        switch (notice.kind) {
            case Notice::Kind::event:
                if (notice.event.type == "state" && notice.event.seq > known) {
                    list.see(notice.event.vm, notice.event.state, notice.event.sub_state, notice.event.reason,
                             notice.event.time);
                }
                break;
            case Notice::Kind::missed:
                client.subscribe({.vms = {}, .types = {"state"}});
                known = look(client, list);
                break;
            case Notice::Kind::daemon_gone:
            case Notice::Kind::bus_lost:
                list.clear();
                throw Failure{
                    ExitCode::unreachable, "apiaryd went away while it stopped the VMs.",
                    "It may have come to an end of its own, or the VMs that were not told yet run on. When it "
                    "is back: apiaryctl list"};
            case Notice::Kind::interrupted:
                list.clear();
                say_that_they_go_on(output, list);
                return exit_code_of_signal(SignalCatcher::caught());
            default:
                break;
        }
    }
    list.clear();
    return std::nullopt;
}

auto outcome(Output& output, LiveList const& list) -> ExitCode {
    auto code = ExitCode::ok;
    for (auto const& row : list.rows()) {
        if (!row.left_alone.empty()) {
            code = ExitCode::cut_short;
            tell_failure(output, row.name, "is " + state_text(row.state, row.sub_state) + ": " + row.left_alone, "");
        } else if (row.state == "failed") {
            code = code == ExitCode::ok ? ExitCode::failed : code;
            tell_failure(output, row.name,
                         "is at rest, but " + state_text(row.state, row.sub_state) + ": " + row.reason,
                         "What happened: apiaryctl status " + shell_word(row.name));
        } else if (!output.json) {
            output.out << printable(row.name) << ": " << row.end_text() << '\n';
        }
    }
    if (list.rows().empty() && !output.json) {
        output.out << "no VM that you may operate runs\n";
    }
    return code;
}

}  // namespace

auto shutdown_all(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    std::optional<SignalCatcher> signals;
    if (asked.wait) {
        // Before the command: nothing that it causes is missed.
        signals.emplace();
        client->subscribe({.vms = {}, .types = {"state"}});
    }
    auto const stops = client->stop_all(asked.force);
    LiveList list{output};
    auto const known = add_all(*client, stops, list);
    auto code = ExitCode::ok;
    if (asked.wait) {
        if (auto const ended = watch(*client, list, known, *signals, output)) {
            if (output.json) {
                output.out << stop_all_json(list.rows(), "interrupted") << '\n';
            }
            return *ended;
        }
        code = outcome(output, list);
    } else if (!output.json) {
        for (auto const& stop : stops) {
            output.out << printable(stop.name) << ": stop asked for\n";
        }
        if (stops.empty()) {
            output.out << "no VM that you may operate runs\n";
        }
    }
    if (output.json) {
        output.out << stop_all_json(list.rows(), !asked.wait                   ? "asked"
                                                 : code == ExitCode::cut_short ? "incomplete"
                                                                               : "done")
                   << '\n';
    }
    return code;
}

}  // namespace apiary::ctl
