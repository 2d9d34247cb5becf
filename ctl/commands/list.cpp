// apiaryctl list
#include <algorithm>
#include <optional>
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/json_out.hpp"
#include "ctl/suggest.hpp"
#include "ctl/table.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

Strings const table_fields{"Id", "Cpus", "Memory", "Loader", "Owner", "OwnerName", "ConfigPending"};
Strings const json_fields{"Id",   "ReasonText", "Step",          "Incarnation",  "Backend",   "Loader",
                          "Cpus", "Memory",     "OwnerName",     "Owner",        "GroupName", "Visibility",
                          "Job",  "Console",    "ConfigPending", "HypervisorPid"};

auto number_or_dash(std::uint64_t number) -> std::string {
    return number == 0 ? "-" : std::to_string(number);
}
auto or_dash(std::string const& text) -> std::string {
    return text.empty() ? "-" : text;
}

auto table_of(VmPage const& page, Style const& style) -> std::string {
    Table table{{{.title = "NAME", .shrink = true},
                 {.title = "ID", .right = true},
                 {.title = "STATE", .shrink = true},
                 {.title = "REASON", .shrink = true, .spare = true},
                 {.title = "CPUS", .right = true, .spare = true},
                 {.title = "MEMORY", .right = true, .spare = true},
                 {.title = "LOADER", .spare = true},
                 {.title = "OWNER", .shrink = true, .spare = true}}};
    for (auto const& vm : page.vms) {
        auto const& fields = vm.fields;
        auto const owner = text_of(fields, "OwnerName");
        auto const memory = number_of(fields, "Memory");
        table.add({{.text = vm.name},
                   {.text = std::to_string(number_of(fields, "Id"))},
                   {.text = state_text(vm.state, vm.sub_state), .colour = colour_of_state(vm.state)},
                   {.text = or_dash(vm.reason)},
                   {.text = number_or_dash(number_of(fields, "Cpus"))},
                   {.text = memory == 0 ? "-" : bytes_text(memory)},
                   {.text = or_dash(text_of(fields, "Loader"))},
                   {.text = owner.empty() ? std::to_string(number_of(fields, "Owner")) : owner}});
    }
    return table.text(style);
}

// Names that were asked for and are not there.
auto complain_of_missing(Context& context, Client& client, Invocation const& asked, VmPage const& page) -> ExitCode {
    auto code = ExitCode::ok;
    std::optional<Strings> all;
    for (auto const& name : asked.vms) {
        auto const same = [&](VmRow const& row) { return lower(row.name) == lower(name); };
        if (std::ranges::any_of(page.vms, same)) {
            continue;
        }
        if (!asked.states.empty()) {  // there, perhaps, in another state
            continue;
        }
        if (!all) {
            all.emplace();
            for (auto const& row : all_vms(client, {}).vms) {
                all->push_back(row.name);
            }
        }
        auto const meant = suggestion(name, *all);
        tell_failure(context.output, name, "there is no such VM that you may see",
                     meant ? "Did you mean '" + *meant + "'?" : "");
        code = ExitCode::not_found;
    }
    return code;
}

void say_that_there_is_none(Context& context, Invocation const& asked) {
    if (!asked.vms.empty() || context.output.quiet) {
        return;
    }
    context.output.err << (asked.states.empty()
                               ? "There are no VMs that you may see. Define one in the configuration, then: apiaryctl "
                                 "reload\n"
                               : "No VM is in such a state.\n");
}

}  // namespace

auto list(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& out = context.output.out;
    VmFilter filter{.names = asked.vms, .states = asked.states, .fields = {}};
    if (!asked.names_only) {
        filter.fields = asked.json ? json_fields : table_fields;
    }
    auto const page = all_vms(*client, filter);
    if (asked.json) {
        out << list_json(page) << '\n';
    } else if (asked.names_only) {
        for (auto const& vm : page.vms) {
            out << printable(vm.name) << '\n';
        }
    } else if (page.vms.empty()) {
        say_that_there_is_none(context, asked);
    } else {
        out << table_of(page, context.output.out_style);
    }
    return complain_of_missing(context, *client, asked, page);
}

}  // namespace apiary::ctl
