// apiaryctl plugin list, show, enable, disable, restart
#include <ostream>

#include "ctl/commands/commands.hpp"
#include "ctl/failure.hpp"
#include "ctl/hints.hpp"
#include "ctl/json_out.hpp"
#include "ctl/lines.hpp"
#include "ctl/signals.hpp"
#include "ctl/table.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

Strings const plugin_table_fields{"Calls", "Failures", "LatencyMean"};
Strings const plugin_json_fields{"Description", "Phase",       "Path",      "Keys",     "Events",
                                 "Pid",         "Restarts",    "Calls",     "Failures", "UnderWay",
                                 "Strikes",     "LatencyMean", "LatencyMax"};

auto colour_of_plugin(std::string_view state) -> Colour {
    if (state == "running") {
        return Colour::green;
    }
    return state == "starting" || state == "ended" ? Colour::yellow : Colour::red;
}

auto latency_text(Values const& fields, std::string_view key) -> std::string {
    auto const time = number_of(fields, key);
    return time == 0 ? "-" : micros_text(time);
}

auto table_of(std::vector<PluginRow> const& plugins, Style const& style) -> std::string {
    Table table{{{.title = "NAME"},
                 {.title = "VERSION", .shrink = true},
                 {.title = "STATE"},
                 {.title = "CALLS", .right = true, .spare = true},
                 {.title = "FAILURES", .right = true, .spare = true},
                 {.title = "MEAN", .right = true, .spare = true},
                 {.title = "LAST ERROR", .shrink = true, .spare = true}}};
    for (auto const& plugin : plugins) {
        table.add({{.text = plugin.name},
                   {.text = plugin.version.empty() ? "-" : plugin.version},
                   {.text = plugin.state, .colour = colour_of_plugin(plugin.state)},
                   {.text = std::to_string(number_of(plugin.fields, "Calls"))},
                   {.text = std::to_string(number_of(plugin.fields, "Failures"))},
                   {.text = latency_text(plugin.fields, "LatencyMean")},
                   {.text = plugin.error.empty() ? "-" : plugin.error}});
    }
    return table.text(style);
}

// What to do about an error, where the words for VMs would mislead.
auto plugin_hint(std::string_view error_name, std::string const& plugin) -> std::string {
    if (error_name == "AccessDenied" && plugin.empty()) {
        return "Plugins are shown to root and to the observers. Your rights: apiaryctl status";
    }
    if (error_name == "UnknownMethod") {
        return daemon_is_older;
    }
    if (error_name == "NotSupported") {
        return "'apiaryctl version' tells which daemon this is.";
    }
    if (error_name == "LimitsExceeded") {
        return "Wait for those that you have asked for before.";
    }
    if (!plugin.empty() && (error_name == "InvalidState" || error_name == "Failed")) {
        return "Everything about it: apiaryctl plugin show " + shell_word(plugin);
    }
    return hint_for(error_name, {});
}

auto advised(Failure const& failure, std::string const& plugin) -> Failure {
    return with_hint(failure, plugin_hint(failure.error_name(), plugin));
}

auto list_of(Client& client, PluginFilter const& filter) -> std::vector<PluginRow> {
    try {
        return all_plugins(client, filter);
    } catch (Failure const& failure) {
        throw advised(failure, {});
    }
}

auto read_plugin(Client& client, std::string const& name) -> PluginRow {
    PluginRow row;
    row.path = find_plugin(client, name);
    row.fields = client.plugin_properties(row.path);
    row.name = text_of(row.fields, "Name");
    row.state = text_of(row.fields, "State");
    row.version = text_of(row.fields, "Version");
    row.error = text_of(row.fields, "LastError");
    return row;
}

auto advice(PluginRow const& plugin) -> std::string {
    auto const name = shell_word(plugin.name);
    if (plugin.state == "disabled") {
        return "apiaryctl plugin enable " + name + " lets it be called again, and what waits for it be undone";
    }
    if (plugin.state == "unusable") {
        return "mend or replace its file: the daemon looks at it again by itself";
    }
    if (plugin.state == "absent") {
        return "put its file back: apiaryctl list --state failed shows what waits for it";
    }
    if (plugin.state == "ended") {
        return "nothing: the next call starts its process";
    }
    return {};
}

void print_plugin(Output& output, PluginRow const& plugin) {
    auto const& fields = plugin.fields;
    auto const number = [&fields](std::string_view key) { return std::to_string(number_of(fields, key)); };
    auto const words = [&fields](std::string_view key) { return shown(Value{strings_of(fields, key)}); };
    output.out << painted(printable(plugin.name), Colour::bold, output.out_style) << '\n';
    Lines lines{output};
    lines.add("state", plugin.state, colour_of_plugin(plugin.state));
    lines.add("last error", plugin.error);
    lines.add("version", plugin.version);
    lines.add("description", text_of(fields, "Description"));
    lines.add("file", text_of(fields, "Path"));
    lines.add("phase", text_of(fields, "Phase"));
    lines.add("keys", words("Keys"));
    lines.add("hears", words("Events"));
    auto const pid = number_of(fields, "Pid");
    lines.add("process", (pid == 0 ? "none" : std::to_string(pid)) + ", started anew " + number("Restarts") +
                             (number_of(fields, "Restarts") == 1 ? " time" : " times"));
    lines.add("calls", number("Calls") + ", " + number("Failures") + " failed, " + number("UnderWay") + " under way");
    lines.add("latency", number_of(fields, "LatencyMax") == 0 ? "no answered call yet"
                                                              : latency_text(fields, "LatencyMean") + " on average, " +
                                                                    latency_text(fields, "LatencyMax") + " at most");
    lines.add("strikes", number("Strikes"));
    lines.add("next", advice(plugin));
}

// Empty: it has gone since.
auto state_of(Client& client, std::string const& path) -> std::string {
    try {
        return text_of(client.plugin_properties(path), "State");
    } catch (Failure const&) {
        return {};
    }
}

// `state`: of the plugin now.
auto done_text(PluginCommand command, std::string_view state) -> std::string_view {
    switch (command) {
        case PluginCommand::enable:
            return "enabled";
        case PluginCommand::disable:
            return "disabled";
        case PluginCommand::restart:
            return state == "ended" ? "looked at anew; its process starts with the next call" : "restarted";
    }
    return {};
}

}  // namespace

auto plugin_list(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& out = context.output.out;
    PluginFilter filter{.states = asked.states, .fields = {}};
    if (!asked.names_only) {
        filter.fields = asked.json ? plugin_json_fields : plugin_table_fields;
    }
    auto const plugins = list_of(*client, filter);
    if (asked.json) {
        out << plugins_json(plugins) << '\n';
    } else if (asked.names_only) {
        for (auto const& plugin : plugins) {
            out << printable(plugin.name) << '\n';
        }
    } else if (!plugins.empty()) {
        out << table_of(plugins, context.output.out_style);
    } else if (!asked.quiet) {
        context.output.err << (asked.states.empty()
                                   ? "There are no plugins. A file NAME.so in the folder of plugins is picked up at "
                                     "once: apiaryd(8), PLUGINS\n"
                                   : "No plugin is in such a state.\n");
    }
    return ExitCode::ok;
}

auto plugin_show(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto code = ExitCode::ok;
    std::vector<PluginRow> plugins;
    for (auto const& name : asked.plugins) {
        try {
            plugins.push_back(read_plugin(*client, name));
            if (!asked.json) {
                print_plugin(context.output, plugins.back());
            }
        } catch (Failure const& failure) {
            code = code == ExitCode::ok ? failure.code() : code;
            tell_failure(context.output, name, advised(failure, {}));
        }
    }
    if (asked.json) {
        context.output.out << plugins_json(plugins) << '\n';
    }
    return code;
}

auto plugin_operate(Context& context, Invocation const& asked) -> ExitCode {
    auto const client = context.connect();
    auto& output = context.output;
    SignalCatcher const signals;
    auto code = ExitCode::ok;
    std::vector<PluginResult> results;
    for (auto const& name : asked.plugins) {
        auto& result = results.emplace_back();
        result.plugin = name;
        try {
            auto const path = find_plugin(*client, name);
            client->plugin_command(path, asked.plugin_command);
            result.state = asked.json || asked.plugin_command == PluginCommand::restart ? state_of(*client, path) : "";
            if (!asked.json) {
                output.out << printable(name) << ": " << done_text(asked.plugin_command, result.state) << '\n'
                           << std::flush;
            }
        } catch (Failure const& failure) {
            result.error = failure.what();
            result.error_name = failure.error_name();
            code = code == ExitCode::ok ? failure.code() : code;
            if (failure.error_name() == "EINTR") {
                output.err << "Interrupted. The daemon goes on with it: 'apiaryctl plugin show " << shell_word(name)
                           << "' tells how it is.\n";
                break;  // whoever presses Ctrl-C does not mean the next one
            }
            tell_failure(output, name, advised(failure, name));
        }
    }
    if (asked.json) {
        output.out << plugin_results_json(asked.plugin_command, results) << '\n';
    }
    return code;
}

}  // namespace apiary::ctl
