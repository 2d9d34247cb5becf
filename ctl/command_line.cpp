// The command line. The one file that knows CLI11.
#include "ctl/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>

#include "ctl/option_words.hpp"
#include "ctl/since.hpp"
#include "ctl/suggest.hpp"

namespace apiary::ctl {

namespace {

constexpr char const* epilogue =
    "Every command that prints has --json (one document; `events`: one object a line). The bus is found by --address,\n"
    "APIARY_BUS_ADDRESS, the address file of the daemon's private bus (/run/apiary/bus-address), or else it is the\n"
    "system bus; with --session it is your session bus, and the daemon is your own.\n\n"
    "Exit status: 0 done; 1 refused or failed; 2 wrong usage; 3 no such VM, job, plugin or agent; 4 not allowed;\n"
    "5 the daemon does not answer; 6 the job was canceled, superseded or ran out of time; 128+N ended by signal N "
    "(130: Ctrl-C).\n"
    "With several VMs: that of the first that is not 0.";

// Builds the parser around the invocation that it fills.
class Parser {
public:
    Parser() {
        app_.set_version_flag("--version", std::string{"apiaryctl "} + APIARY_VERSION);
        auto* const address = app_.add_option("--address", invocation_.address, "D-Bus address of the daemon's bus")
                                  ->type_name("ADDRESS");
        app_.add_flag("--session,--user", invocation_.session,
                      "Your own daemon (apiaryd --session), on your session bus")
            ->excludes(address);
        app_.add_flag("--json", invocation_.json, "Print JSON (its schema: apiaryctl(1))");
        app_.add_flag("-q,--quiet", invocation_.quiet, "Show no progress");
        app_.require_subcommand(0, 1);
        add_reading();
        add_operations();
        add_plugins();
        add_agents();
        add_daemon();
        // After the subcommands, which would inherit these.
        app_.footer(epilogue);
        app_.allow_extras();  // what is left over is judged here, with a better word than the library has
    }

    auto parse(std::vector<std::string> arguments) -> CommandLine {
        std::ranges::reverse(arguments);  // as the library wants them
        try {
            app_.parse(std::move(arguments));
        } catch (CLI::CallForVersion const& version) {
            return {.invocation = {}, .code = ExitCode::ok, .text = std::string{version.what()} + '\n'};
        } catch (CLI::CallForHelp const&) {
            return {.invocation = {}, .code = ExitCode::ok, .text = app_.help()};
        } catch (CLI::ParseError const& error) {
            return wrong(error.what());
        }
        return judged();
    }

private:
    using Action = Invocation::Action;

    auto add(std::string const& name, std::string const& description, Action action) -> CLI::App* {
        auto* const command = app_.add_subcommand(name, description);
        command->fallthrough();  // --json and its like may stand behind the command too
        command->callback([this, action] { invocation_.action = action; });
        return command;
    }

    void add_reading() {
        auto* const list = add("list", "Table of the VMs that you may see", Action::list)->alias("ls");
        list->add_option("vm", invocation_.vms, "Only these VMs")->type_name("VM");
        list->add_option("--state", invocation_.states, "Only VMs in this state (can be repeated)")
            ->type_name("STATE")
            ->check(CLI::Validator{state_word(), {}})
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
        list->add_flag("--names", invocation_.names_only, "Only names, one a line");

        auto* const status = add("status", "Everything about VMs; without a VM: about the daemon", Action::status);
        status->add_option("vm", invocation_.vms, "VMs")->type_name("VM");

        auto* const events = add("events", "Events of the journal, oldest first", Action::events);
        events->add_flag("-f,--follow", invocation_.follow,
                         "Go on with new events as they happen (alone: only with them)");
        events
            ->add_option_function<std::string>(
                "--since",
                [this](std::string const& text) {
                    auto const since = parse_since(text, now_in_micros());
                    invocation_.since = since->seq;
                    invocation_.from = since->time;
                },
                "Begin with this number (0: with the oldest), or then: 2026-11-20T18:00:22Z, '10 min ago', today, "
                "@1763")
            ->type_name("SEQ|TIME")
            ->check(CLI::Validator{since_word, {}});
        events
            ->add_option("--stream", invocation_.stream,
                         "The stream that the number of --since is of: told when it is another")
            ->type_name("ID");
        events->add_option("--vm", invocation_.vms, "Only events of this VM (can be repeated)")
            ->type_name("VM")
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
        events->add_option("--type", invocation_.types, "Only events of this type (can be repeated)")
            ->type_name("TYPE")
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);

        auto* const jobs = add("jobs", "Jobs that run or ended less than a minute ago", Action::jobs);
        jobs->add_option("vm", invocation_.vms, "Only jobs of these VMs")->type_name("VM");
        jobs->add_flag("--ids", invocation_.names_only, "Only the numbers of those that run, one a line");
        add("version", "Versions of apiaryctl and of the daemon", Action::version);
    }

    void add_wait(CLI::App* app, std::string const& what) {
        std::string const description = "Wait for the " + what + " (the default)";
        auto* const wait = app->add_flag("--wait", description);
        app->add_flag_callback(
               "--no-wait", [this] { invocation_.wait = false; }, "Only ask for it")
            ->excludes(wait);
    }

    auto operation(std::string const& name, std::string const& description, Command command) -> CLI::App* {
        auto* const app = add(name, description, Action::operate);
        app->callback([this, command] {
            invocation_.action = Action::operate;
            invocation_.command = command;
        });
        app->add_option("vm", invocation_.vms, "VMs")->type_name("VM")->required();
        add_wait(app, "result");
        return app;
    }

    void add_operations() {
        auto* const start = operation("start", "Start VMs", Command::start)->alias("boot");
        start->add_flag("-c,--console", invocation_.open_console, "Then open the console (one VM)");
        operation("stop", "Press the power button; after `stop_timeout` power off", Command::stop)->alias("shutdown");
        operation("poweroff", "Power off at once, as if the plug was pulled", Command::poweroff);
        operation("reset", "Press the reset button", Command::reset);
        operation("pause", "Halt the guest's processors", Command::pause);
        operation("resume", "Let a paused guest run on", Command::resume);
        auto* const fail_reset = operation("failreset", "Take VMs out of `failed`", Command::fail_reset);
        fail_reset->add_flag("--force", invocation_.force, "Give up what cannot be undone; what it left stays");

        auto* const console = add("console", "Open a VM's serial console (~. leaves, ~? helps)", Action::console);
        console->add_option("vm", invocation_.vms, "The VM")->type_name("VM")->required()->expected(1);
        console->add_flag("-r,--read-only", invocation_.read_only, "Only watch");
        console->add_flag("--force", invocation_.force, "Take the right to write from who has it")
            ->excludes("--read-only");
    }

    auto add_to(CLI::App* parent, std::string const& name, std::string const& description, Action action) -> CLI::App* {
        auto* const command = parent->add_subcommand(name, description);
        command->fallthrough();
        command->callback([this, action] { invocation_.action = action; });
        return command;
    }

    // A command that is nothing without one of its own.
    auto add_group(std::string const& name, std::string const& description) -> CLI::App* {
        auto* const group = app_.add_subcommand(name, description);
        group->fallthrough();
        group->require_subcommand(0, 1);
        return group;
    }

    static auto commands_of(CLI::App const& app) -> std::vector<std::string> {
        std::vector<std::string> names;
        for (auto const* const command : app.get_subcommands([](auto const*) { return true; })) {
            names.push_back(command->get_name());
        }
        return names;
    }

    void add_reader_options(CLI::App* command) {
        command->add_option("--backend", invocation_.backend, "What runs a VM that names no backend: qemu or bhyve")
            ->type_name("BACKEND")
            ->check(CLI::Validator{one_of({"qemu", "bhyve"}, "a backend"), {}});
        command
            ->add_option("--vmstated", invocation_.vmstated,
                         "Read this folder of vmstated's configuration too (can be repeated)")
            ->type_name("DIR")
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
        command->add_flag("--own-daemon", invocation_.own_daemon,
                          "As a daemon of your own would read it: your files are trusted as root's are");
    }

    void add_configuration() {
        auto* const config = add_group("config", "Show and check configurations: show, check, diff");

        auto* const show =
            add_to(config, "show", "What holds for VMs, and where each value was written", Action::config_show);
        show->add_option("vm", invocation_.vms, "Only these VMs")->type_name("VM");
        auto* const file = show->add_option("--file", invocation_.files,
                                            "Read this configuration, without a daemon (can be repeated: the main file "
                                            "first)")
                               ->type_name("FILE")
                               ->expected(1)
                               ->take_all()
                               ->allow_extra_args(false);
        show->add_flag("--pending", invocation_.pending, "What holds after the next cold start")->excludes(file);
        add_reader_options(show);

        auto* const check = add_to(config, "check", "Say what is wrong with a configuration", Action::config_check);
        check->add_option("file", invocation_.files, "The configuration's files, the main file first")
            ->type_name("FILE");
        add_reader_options(check);
        add_to(config, "diff", "What a reload would change, and when that takes effect", Action::config_diff);

        auto* const import =
            add("import", "Print the configuration of another manager as one of Apiary", Action::import);
        import->add_option("manager", invocation_.manager, "bmd, vmstated, easy-bhyve or vm-bhyve")
            ->type_name("MANAGER")
            ->required()
            ->check(CLI::Validator{one_of({"bmd", "vmstated", "easy-bhyve", "vm-bhyve"}, "a manager"), {}});
        import->add_option("path", invocation_.files, "Its file or folder")->type_name("PATH")->required()->expected(1);
        import->add_option("-o,--output", invocation_.output, "Write it to this file, which must not exist")
            ->type_name("FILE");
    }

    void add_plugins() {
        auto* const plugin = add_group("plugin", "Plugins of the daemon: list, show, enable, disable, restart");
        auto* const list = add_to(plugin, "list", "Table of the plugins", Action::plugin_list);
        list->add_option("--state", invocation_.states, "Only plugins in this state (can be repeated)")
            ->type_name("STATE")
            ->check(CLI::Validator{
                one_of({"starting", "running", "ended", "disabled", "unusable", "absent"}, "a state of a plugin"), {}})
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
        list->add_flag("--names", invocation_.names_only, "Only names, one a line");
        add_plugin_names(add_to(plugin, "show", "Everything about plugins", Action::plugin_show));
        plugin_operation(plugin, "enable", "Let plugins be called again; forgets their strikes", PluginCommand::enable);
        plugin_operation(plugin, "disable", "Call plugins no more, over restarts of the daemon, too",
                         PluginCommand::disable);
        plugin_operation(plugin, "restart", "Start the processes of plugins anew, from their files as they are now",
                         PluginCommand::restart);
    }

    void add_plugin_names(CLI::App* command) {
        command->add_option("plugin", invocation_.plugins, "Plugins")->type_name("PLUGIN")->required();
    }

    void plugin_operation(CLI::App* plugin, std::string const& name, std::string const& description,
                          PluginCommand command) {
        auto* const app = add_to(plugin, name, description, Action::plugin_operate);
        app->callback([this, command] {
            invocation_.action = Action::plugin_operate;
            invocation_.plugin_command = command;
        });
        add_plugin_names(app);
    }

    void add_agents() {
        auto* const agent = add_group("agent", "Programs that are asked as VMs start and end: list, unregister");
        auto* const list = add_to(agent, "list", "Table of the agents", Action::agent_list);
        list->add_flag("--names", invocation_.names_only, "Only names, one a line");
        add_to(agent, "unregister", "Ask agents no more, nor wait for those that are gone", Action::agent_unregister)
            ->add_option("agent", invocation_.agents, "Agents")
            ->type_name("AGENT")
            ->required();
    }

    void add_daemon() {
        auto* const cancel = add("cancel", "Ask jobs to end early; what they did is undone", Action::cancel);
        cancel->add_option("job", invocation_.jobs, "Numbers of jobs (see: apiaryctl jobs)")
            ->type_name("JOB")
            ->required()
            ->check(CLI::Validator{digits_only, {}});

        add_configuration();
        auto* const reload = add("reload", "Read the configuration again", Action::reload);
        reload->add_flag("-n,--dry-run", invocation_.dry_run, "Only say what would change");

        auto* const shutdown = add("shutdown-all", "Stop all VMs, in reverse order of `after`", Action::shutdown_all);
        shutdown->add_flag("--force", invocation_.force, "Power them off");
        add_wait(shutdown, "end of all, and show how it goes");

        auto* const daemon = add_group("daemon", "The daemon itself: stop, restart");
        auto* const stop = add_to(daemon, "stop", "End the daemon, and before that all VMs", Action::daemon_stop);
        auto* const force = stop->add_flag("--force", invocation_.force, "Power the VMs off");
        stop->add_flag("--keep-vms", invocation_.keep_vms, "Leave the VMs alone: the next daemon goes on with them")
            ->excludes(force);
        add_wait(stop, "end");
        auto* const restart = add_to(daemon, "restart", "Put the installed apiaryd in its place; the VMs do not notice",
                                     Action::daemon_restart);
        restart->add_flag("--force", invocation_.force, "Do not check the configuration first");
        add_wait(restart, "new one");
    }

    auto wrong(std::string const& text) const -> CommandLine {
        std::string name;
        for (auto chosen = app_.get_subcommands(); !chosen.empty(); chosen = chosen[0]->get_subcommands()) {
            name += ' ' + chosen[0]->get_name();
        }
        return {.invocation = {},
                .code = ExitCode::usage,
                .text = "apiaryctl:" + (name.empty() ? "" : name + ":") + ' ' + text + "\n  See: apiaryctl" + name +
                        " --help\n"};
    }

    auto judged() -> CommandLine {
        auto const extras = app_.remaining();
        auto const chosen = app_.get_subcommands();
        if (chosen.empty()) {
            return extras.empty() ? CommandLine{.invocation = {}, .code = ExitCode::usage, .text = app_.help()}
                                  : wrong(unknown(extras.front(), commands_of(app_)));
        }
        if (auto const own = commands_of(*chosen.front()); !own.empty() && chosen.front()->get_subcommands().empty()) {
            return wrong(extras.empty() ? "Say what: " + alternatives(own) + '.' : unknown(extras.front(), own));
        }
        if (!extras.empty()) {
            return wrong("'" + extras.front() + "' is not expected here.");
        }
        if (invocation_.open_console && (invocation_.vms.size() != 1 || !invocation_.wait || invocation_.json)) {
            return wrong("--console is for one VM, and not together with --no-wait or --json.");
        }
        if (invocation_.action == Action::console && invocation_.json) {
            return wrong("A console has no JSON form: leave out --json.");
        }
        if (!invocation_.stream.empty() && !invocation_.since) {
            return wrong("--stream says what --since is a number of: give both.");
        }
        if (invocation_.action == Action::config_check && invocation_.files.empty() && invocation_.vmstated.empty()) {
            return wrong("Say which file to check.");
        }
        if (invocation_.pending && !invocation_.vmstated.empty()) {
            return wrong("--pending is for what the daemon runs, and not together with --vmstated.");
        }
        if (std::ranges::find(invocation_.vms, std::string{}) != invocation_.vms.end()) {
            return wrong("A VM's name is not empty.");
        }
        if (std::ranges::find(invocation_.plugins, std::string{}) != invocation_.plugins.end()) {
            return wrong("A plugin's name is not empty.");
        }
        return {.invocation = invocation_, .code = ExitCode::ok, .text = {}};
    }

    static auto unknown(std::string const& word, std::vector<std::string> const& names) -> std::string {
        if (word.starts_with('-')) {
            return "There is no option '" + word + "'.";
        }
        auto const meant = suggestion(word, names);
        return "There is no command '" + word + "'." + (meant ? " Did you mean '" + *meant + "'?" : "");
    }

    Invocation invocation_;
    CLI::App app_{"apiaryctl commands virtual machines and shows what happens to them.", "apiaryctl"};
};

}  // namespace

auto parse_command_line(std::vector<std::string> const& arguments) -> CommandLine {
    return Parser{}.parse(arguments);
}

}  // namespace apiary::ctl
