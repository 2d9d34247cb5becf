// apiaryctl agent list, unregister
#include <algorithm>
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/hints.hpp"
#include "ctl/json_out.hpp"
#include "ctl/suggest.hpp"
#include "ctl/table.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

auto agent_hint(std::string_view error_name) -> std::string {
    if (error_name == "UnknownMethod" || error_name == "UnknownInterface") {
        return daemon_is_older;
    }
    return hint_for(error_name, {});
}

auto agents_of(Client& client) -> std::vector<Values> {
    try {
        return client.list_agents();
    } catch (Failure const& failure) {
        throw with_hint(failure, agent_hint(failure.error_name()));
    }
}

auto names_of(std::vector<Values> const& agents) -> Strings {
    Strings names;
    for (auto const& agent : agents) {
        names.push_back(text_of(agent, "name"));
    }
    return names;
}

auto table_of_agents(std::vector<Values> const& agents, Style const& style) -> std::string {
    Table table{{{.title = "NAME"},
                 {.title = "STATE"},
                 {.title = "NEEDED", .spare = true},
                 {.title = "ORDER", .right = true, .spare = true},
                 {.title = "VMS", .shrink = true, .spare = true},
                 {.title = "CALLS", .right = true, .spare = true},
                 {.title = "FAILURES", .right = true, .spare = true},
                 {.title = "LAST ERROR", .shrink = true, .spare = true}}};
    for (auto const& agent : agents) {
        bool const present = flag_of(agent, "present");
        auto const vms = agent.find("vms");
        auto const error = text_of(agent, "error");
        table.add({{.text = text_of(agent, "name")},
                   {.text = present ? "present" : "gone", .colour = present ? Colour::green : Colour::red},
                   {.text = flag_of(agent, "needed") ? "yes" : "no"},
                   {.text = std::to_string(number_of(agent, "order"))},
                   {.text = vms == agent.end() ? "all" : shown(vms->second)},
                   {.text = std::to_string(number_of(agent, "answered"))},
                   {.text = std::to_string(number_of(agent, "failures"))},
                   {.text = error.empty() ? "-" : error}});
    }
    return table.text(style);
}

void unregister(Client& client, std::string const& name) {
    auto const names = names_of(agents_of(client));
    if (std::ranges::find(names, name) == names.end()) {
        auto const meant = suggestion(name, names);
        throw Failure{ExitCode::not_found, "There is no agent '" + printable(name) + "'.",
                      meant ? "Did you mean '" + *meant + "'?" : "'apiaryctl agent list' shows those that there are."};
    }
    client.unregister_agent(name);
}

}  // namespace

auto agent_list(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& out = context.output.out;
    auto const agents = agents_of(*client);
    if (asked.json) {
        out << agents_json(agents) << '\n';
    } else if (asked.names_only) {
        for (auto const& name : names_of(agents)) {
            out << printable(name) << '\n';
        }
    } else if (!agents.empty()) {
        out << table_of_agents(agents, context.output.out_style);
    } else if (!asked.quiet) {
        context.output.err << "There are no agents.\n";
    }
    return ExitCode::ok;
}

auto agent_unregister(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto code = ExitCode::ok;
    std::vector<AgentResult> results;
    for (auto const& name : asked.agents) {
        auto& result = results.emplace_back();
        result.agent = name;
        try {
            unregister(*client, name);
            if (!asked.json) {
                context.output.out << printable(name) << ": unregistered\n" << std::flush;
            }
        } catch (Failure const& failure) {
            result.error = failure.what();
            result.error_name = failure.error_name();
            code = code == ExitCode::ok ? failure.code() : code;
            tell_failure(context.output, name, with_hint(failure, agent_hint(failure.error_name())));
        }
    }
    if (asked.json) {
        context.output.out << agent_results_json(results) << '\n';
    }
    return code;
}

}  // namespace apiary::ctl
