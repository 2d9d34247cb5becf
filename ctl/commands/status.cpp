// apiaryctl status
#include <algorithm>
#include <map>
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"
#include "ctl/lines.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

auto joined(Strings const& words) -> std::string {
    return shown(Value{words});
}

auto owner_text(Values const& fields) -> std::string {
    auto const name = text_of(fields, "OwnerName");
    auto const uid = std::to_string(number_of(fields, "Owner"));
    auto const group = text_of(fields, "GroupName");
    auto const text = name.empty() || name == uid ? "uid " + uid : name + " (uid " + uid + ')';
    return group.empty() ? text : text + ", group " + group;
}

auto machine_text(Values const& fields) -> std::string {
    auto const backend = text_of(fields, "Backend");
    if (backend.empty()) {
        return "nothing is known of its definition";
    }
    auto const cpus = number_of(fields, "Cpus");
    return backend + ", loader " + text_of(fields, "Loader") + ", " + std::to_string(cpus) +
           (cpus == 1 ? " cpu, " : " cpus, ") + bytes_text(number_of(fields, "Memory")) + " memory";
}

auto screen_text(Values const& fields) -> std::string {
    auto const screen = values_of(fields, "Graphics");
    if (screen.empty()) {
        return {};
    }
    auto const path = text_of(screen, "path");
    auto text = "VNC " + (path.empty() ? text_of(screen, "listen") + ':' + std::to_string(number_of(screen, "port"))
                                       : "unix:" + path);
    if (number_of(screen, "width") != 0) {
        text += ", " + std::to_string(number_of(screen, "width")) + 'x' + std::to_string(number_of(screen, "height"));
    }
    return text + (flag_of(screen, "password") ? ", with password" : "");
}

// What a person would do next about it.
auto advice(VmRow const& vm) -> std::string {
    auto const name = shell_word(vm.name);
    if (vm.sub_state == "undo-pending") {
        return "once what the reason names is mended, apiaryctl failreset " + name +
               " cleans up at once; with --force it is given up";
    }
    if (vm.sub_state == "backoff") {
        return "it starts by itself; apiaryctl start " + name + " does it now, apiaryctl stop " + name +
               " keeps it stopped";
    }
    if (vm.reason == "restart-limit") {
        return "apiaryctl events --vm " + name + " shows what happened; apiaryctl start " + name +
               " begins anew, as does failreset without starting it";
    }
    if (vm.state == "failed") {
        return "apiaryctl events --vm " + name + " shows what happened; apiaryctl start " + name + " tries again";
    }
    if (vm.sub_state == "not-adopted") {
        return "its console, and apiaryctl poweroff " + name + ": nothing else is possible with it";
    }
    return {};
}

void print_vm(Output& output, VmStatus const& vm) {
    auto const& fields = vm.row.fields;
    output.out << painted(printable(vm.row.name), Colour::bold, output.out_style) << '\n';
    Lines lines{output};
    auto const state = state_text(vm.row.state, vm.row.sub_state);
    lines.add("state", state + (vm.row.since == 0 ? "" : " since " + local_text(vm.row.since)),
              colour_of_state(vm.row.state));
    auto const text = text_of(fields, "ReasonText");
    lines.add("reason", vm.row.reason + (text.empty() ? "" : ": " + text));
    lines.add("asked for", vm.row.target);
    lines.add("step", text_of(fields, "Step"));
    if (auto const job = job_id(text_of(fields, "Job")); job != 0) {
        lines.add("job", std::to_string(job) + " (to cancel it: apiaryctl cancel " + std::to_string(job) + ')');
    }
    lines.add("id", std::to_string(number_of(fields, "Id")));
    lines.add("starts", std::to_string(number_of(fields, "Incarnation")));
    lines.add("machine", machine_text(fields));
    if (auto const pid = number_of(fields, "HypervisorPid"); pid != 0) {
        lines.add("process", std::to_string(pid));
    }
    lines.add("owner", owner_text(fields));
    lines.add("visible to", text_of(fields, "Visibility"));
    lines.add("console", flag_of(fields, "Console") || vm.row.sub_state == "not-adopted"
                             ? "apiaryctl console " + shell_word(vm.row.name)
                             : "none");
    lines.add("screen", screen_text(fields));
    if (flag_of(fields, "ConfigPending")) {
        lines.add("definition", "a changed one waits for the next start", Colour::yellow);
    }
    lines.add("your rights", joined(vm.rights));
    lines.add("next", advice(vm.row));
}

auto read_vm(Client& client, std::string const& name) -> VmStatus {
    auto const path = find_vm(client, name);
    VmStatus status;
    status.row.path = path;
    status.row.fields = client.vm_properties(path);
    auto const& fields = status.row.fields;
    status.row.name = text_of(fields, "Name");
    status.row.state = text_of(fields, "State");
    status.row.sub_state = text_of(fields, "SubState");
    status.row.target = text_of(fields, "Target");
    status.row.reason = text_of(fields, "Reason");
    status.row.since = number_of(fields, "Since");
    status.rights = client.rights(name);
    return status;
}

auto states_text(std::vector<VmRow> const& vms) -> std::string {
    std::map<std::string, std::size_t> states;
    for (auto const& vm : vms) {
        ++states[vm.state];
    }
    auto text = std::to_string(vms.size());
    for (auto const& [state, count] : states) {
        text += ", " + std::to_string(count) + ' ' + state;
    }
    return text;
}

void print_overall(Output& output, OverallStatus const& status) {
    output.out << painted("apiaryd " + printable(status.daemon.version), Colour::bold, output.out_style) << '\n';
    Lines lines{output};
    lines.add("bus", status.bus);
    lines.add("API", std::to_string(status.daemon.api_version) +
                         (status.daemon.features.empty() ? "" : " with " + joined(status.daemon.features)));
    lines.add("backend", status.daemon.backend);
    lines.add("journal", "stream " + status.daemon.stream);
    if (status.daemon.degraded) {
        lines.add("degraded",
                  "the journal cannot be written: nothing new starts until it can (a start that is refused says why)",
                  Colour::red);
    }
    lines.add("VMs", states_text(status.vms));
    auto const running = std::ranges::count(status.jobs, "running", &JobRow::result);
    lines.add("jobs", std::to_string(running) + " running");
    lines.add("your rights",
              status.rights.empty() ? "those of the VMs that you own or may see" : joined(status.rights));
    auto const failed = std::ranges::find(status.vms, "failed", &VmRow::state);
    lines.add("next", failed == status.vms.end() ? "" : "apiaryctl status " + shell_word(failed->name));
}

auto overall(Context& context, Client& client) -> ExitCode {
    OverallStatus const status{.daemon = client.daemon_info(),
                               .bus = client.where(),
                               .vms = all_vms(client, {}).vms,
                               .jobs = all_jobs(client, {}).jobs,
                               .rights = client.rights({})};
    if (context.output.json) {
        context.output.out << overall_json(status) << '\n';
    } else {
        print_overall(context.output, status);
    }
    return ExitCode::ok;
}

}  // namespace

auto status(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    if (asked.vms.empty()) {
        return overall(context, *client);
    }
    auto code = ExitCode::ok;
    std::vector<VmStatus> vms;
    for (auto const& name : asked.vms) {
        try {
            vms.push_back(read_vm(*client, name));
        } catch (Failure const& failure) {
            tell_failure(context.output, name, failure);
            code = code == ExitCode::ok ? failure.code() : code;
        }
    }
    if (asked.json) {
        context.output.out << status_json(vms) << '\n';
        return code;
    }
    for (auto const& vm : vms) {
        print_vm(context.output, vm);
    }
    return code;
}

}  // namespace apiary::ctl
