// Reading the command line.
#include "ctl/command_line.hpp"

#include <gtest/gtest.h>

namespace apiary::ctl {
namespace {

using Action = Invocation::Action;
using Words = std::vector<std::string>;

auto asked(Words const& words) -> Invocation {
    auto const line = parse_command_line(words);
    EXPECT_TRUE(line.invocation) << line.text;
    return line.invocation.value_or(Invocation{});
}

auto fault(Words const& words) -> std::string {
    auto const line = parse_command_line(words);
    EXPECT_FALSE(line.invocation) << ::testing::PrintToString(words);
    EXPECT_EQ(line.code, ExitCode::usage);
    return line.text.substr(0, line.text.find('\n'));
}

TEST(CommandLine, commands) {
    EXPECT_EQ(asked({"list"}).action, Action::list);
    EXPECT_EQ(asked({"status"}).action, Action::status);
    EXPECT_EQ(asked({"console", "web"}).action, Action::console);
    EXPECT_EQ(asked({"events"}).action, Action::events);
    EXPECT_EQ(asked({"jobs"}).action, Action::jobs);
    EXPECT_EQ(asked({"cancel", "12", "13"}).jobs, (std::vector<std::uint64_t>{12, 13}));
    EXPECT_TRUE(asked({"reload", "--dry-run"}).dry_run);
    EXPECT_EQ(asked({"version"}).action, Action::version);
    EXPECT_EQ(asked({"shutdown-all", "--force"}).action, Action::shutdown_all);
    EXPECT_EQ(asked({"daemon", "stop"}).action, Action::daemon_stop);
    EXPECT_EQ(asked({"daemon", "restart", "--force"}).action, Action::daemon_restart);
    EXPECT_TRUE(asked({"daemon", "restart", "--force"}).force);
    EXPECT_FALSE(asked({"daemon", "restart", "--no-wait"}).wait);
    EXPECT_FALSE(asked({"daemon", "stop"}).keep_vms);
    EXPECT_TRUE(asked({"daemon", "stop", "--keep-vms"}).keep_vms);
}

TEST(CommandLine, plugins) {
    EXPECT_EQ(asked({"plugin", "list"}).action, Action::plugin_list);
    EXPECT_TRUE(asked({"plugin", "list", "--names", "--state", "disabled"}).names_only);
    EXPECT_EQ(asked({"plugin", "show", "a", "b"}).plugins, (Words{"a", "b"}));
    auto const disable = asked({"--json", "plugin", "disable", "a"});
    EXPECT_EQ(disable.action, Action::plugin_operate);
    EXPECT_EQ(disable.plugin_command, PluginCommand::disable);
    EXPECT_EQ(asked({"plugin", "enable", "a"}).plugin_command, PluginCommand::enable);
    EXPECT_EQ(asked({"plugin", "restart", "a"}).plugin_command, PluginCommand::restart);
    EXPECT_EQ(fault({"plugin"}), "apiaryctl: plugin: Say what: list, show, enable, disable or restart.");
    EXPECT_EQ(fault({"plugin", "disabel"}),
              "apiaryctl: plugin: There is no command 'disabel'. Did you mean 'disable'?");
    EXPECT_EQ(fault({"plugin", "list", "--state", "runing"}),
              "apiaryctl: plugin list: --state: 'runing' is not a state of a plugin: did you mean 'running'?");
    EXPECT_EQ(fault({"plugin", "show", ""}), "apiaryctl: plugin show: A plugin's name is not empty.");
    fault({"plugin", "show"});
    fault({"plugin", "enable"});
    fault({"plugin", "list", "a"});
}

TEST(CommandLine, agents) {
    EXPECT_EQ(asked({"agent", "list"}).action, Action::agent_list);
    EXPECT_TRUE(asked({"agent", "list", "--names"}).names_only);
    EXPECT_EQ(asked({"agent", "unregister", "a", "b"}).agents, (Words{"a", "b"}));
    EXPECT_EQ(fault({"agent"}), "apiaryctl: agent: Say what: list or unregister.");
    EXPECT_EQ(fault({"agent", "unregistr"}),
              "apiaryctl: agent: There is no command 'unregistr'. Did you mean 'unregister'?");
    fault({"agent", "unregister"});
    fault({"agent", "list", "a"});
}

TEST(CommandLine, configurations) {
    EXPECT_EQ(asked({"config", "show"}).action, Action::config_show);
    auto const show = asked({"config", "show", "web", "--file", "a", "--file", "b", "--json", "--backend", "bhyve"});
    EXPECT_EQ(show.vms, (Words{"web"}));
    EXPECT_EQ(show.files, (Words{"a", "b"}));
    EXPECT_EQ(show.backend, "bhyve");
    EXPECT_TRUE(show.json);
    EXPECT_TRUE(asked({"config", "show", "--pending", "web"}).pending);
    // One word belongs to the option, the next is a VM again.
    EXPECT_EQ(asked({"config", "show", "--file", "a", "web"}).vms, (Words{"web"}));
    EXPECT_EQ(asked({"list", "--state", "running", "web"}).vms, (Words{"web"}));
    auto const check = asked({"config", "check", "a", "b", "--own-daemon"});
    EXPECT_EQ(check.action, Action::config_check);
    EXPECT_EQ(check.files, (Words{"a", "b"}));
    EXPECT_TRUE(check.own_daemon);
    EXPECT_EQ(asked({"--json", "config", "diff"}).action, Action::config_diff);
    auto const import = asked({"import", "vm-bhyve", "/vm", "--output", "new.conf"});
    EXPECT_EQ(import.action, Action::import);
    EXPECT_EQ(import.manager, "vm-bhyve");
    EXPECT_EQ(import.files, (Words{"/vm"}));
    EXPECT_EQ(import.output, "new.conf");
}

TEST(CommandLine, mistakes_in_configurations) {
    EXPECT_EQ(fault({"config"}), "apiaryctl: config: Say what: show, check or diff.");
    EXPECT_EQ(fault({"config", "shwo"}), "apiaryctl: config: There is no command 'shwo'. Did you mean 'show'?");
    EXPECT_EQ(fault({"config", "diff", "web"}), "apiaryctl: config diff: 'web' is not expected here.");
    EXPECT_EQ(fault({"confg", "show"}), "apiaryctl: There is no command 'confg'. Did you mean 'config'?");
    EXPECT_EQ(fault({"import", "bdm", "/x"}),
              "apiaryctl: import: manager: 'bdm' is not a manager: did you mean 'bmd'?");
    EXPECT_EQ(fault({"import", "libvirt", "/x"}),
              "apiaryctl: import: manager: 'libvirt' is not a manager: bmd, vmstated, easy-bhyve or vm-bhyve");
    fault({"config", "check"});
    fault({"config", "show", "--file", "a", "--pending"});
    fault({"import", "bmd"});
}

TEST(CommandLine, operations_and_their_names_elsewhere) {
    struct Name {
        char const* word;
        Command command;
    };
    for (auto const& [word, command] :
         {Name{"start", Command::start}, Name{"boot", Command::start}, Name{"stop", Command::stop},
          Name{"shutdown", Command::stop}, Name{"poweroff", Command::poweroff}, Name{"reset", Command::reset},
          Name{"pause", Command::pause}, Name{"resume", Command::resume}, Name{"failreset", Command::fail_reset}}) {
        auto const invocation = asked({word, "web", "db"});
        EXPECT_EQ(invocation.action, Action::operate) << word;
        EXPECT_EQ(invocation.command, command) << word;
        EXPECT_EQ(invocation.vms, (Words{"web", "db"}));
        EXPECT_TRUE(invocation.wait);
        EXPECT_FALSE(asked({word, "--no-wait", "web"}).wait);
    }
}

TEST(CommandLine, common_options_stand_before_or_behind) {
    EXPECT_TRUE(asked({"--json", "status", "web"}).json);
    EXPECT_TRUE(asked({"status", "web", "--json"}).json);
    EXPECT_EQ(asked({"list", "--address", "unix:path=/x"}).address, "unix:path=/x");
}

TEST(CommandLine, the_daemon_of_ones_own) {
    EXPECT_FALSE(asked({"list"}).session);
    EXPECT_TRUE(asked({"--session", "list"}).session);
    EXPECT_TRUE(asked({"list", "--user"}).session);
    EXPECT_NE(fault({"--session", "--address", "unix:path=/x", "list"}).find("excludes"), std::string::npos);
}

TEST(CommandLine, a_vm_may_have_the_name_of_a_command) {
    EXPECT_EQ(asked({"start", "list"}).vms, Words{"list"});
    EXPECT_EQ(asked({"stop", "stop", "boot"}).vms, (Words{"stop", "boot"}));
    EXPECT_EQ(asked({"status", "Build box"}).vms, Words{"Build box"});
}

TEST(CommandLine, events) {
    auto const invocation =
        asked({"events", "-f", "--since", "42", "--stream", "s", "--vm", "a", "--vm", "b", "--type", "state"});
    EXPECT_TRUE(invocation.follow);
    EXPECT_EQ(invocation.since, 42U);
    EXPECT_EQ(invocation.stream, "s");
    EXPECT_EQ(invocation.vms, (Words{"a", "b"}));
    EXPECT_EQ(invocation.types, Words{"state"});
    EXPECT_EQ(asked({"events"}).since, std::nullopt);
    EXPECT_EQ(asked({"events", "--since", "@5"}).from, 5'000'000U);
    EXPECT_EQ(asked({"events", "--since", "@5"}).since, std::nullopt);
}

TEST(CommandLine, mistakes_are_told_with_what_was_perhaps_meant) {
    EXPECT_EQ(fault({"strat", "web"}), "apiaryctl: There is no command 'strat'. Did you mean 'start'?");
    EXPECT_EQ(fault({"xyzzy"}), "apiaryctl: There is no command 'xyzzy'.");
    EXPECT_EQ(fault({"--jsn"}), "apiaryctl: There is no option '--jsn'.");
    EXPECT_EQ(fault({"start", "--nowait", "web"}), "apiaryctl: start: '--nowait' is not expected here.");
    EXPECT_EQ(fault({"version", "web"}), "apiaryctl: version: 'web' is not expected here.");
}

TEST(CommandLine, what_makes_no_sense_is_refused) {
    fault({});
    fault({"start"});
    fault({"start", ""});
    fault({"console"});
    fault({"console", "a", "b"});
    fault({"console", "a", "--json"});
    fault({"console", "a", "--read-only", "--force"});
    fault({"start", "-c", "a", "b"});
    fault({"start", "-c", "--no-wait", "a"});
    fault({"start", "--wait", "--no-wait", "a"});
    fault({"cancel", "web"});
    fault({"cancel", "-1"});
    fault({"events", "--since", "tomorrow"});
    fault({"events", "--stream", "s"});
    fault({"--address"});
}

TEST(CommandLine, help_and_version_are_no_faults) {
    for (Words const& words : {Words{"--help"}, Words{"start", "--help"}, Words{"--version"}}) {
        auto const line = parse_command_line(words);
        EXPECT_FALSE(line.invocation);
        EXPECT_EQ(line.code, ExitCode::ok);
        EXPECT_NE(line.text.find("apiaryctl"), std::string::npos);
    }
    EXPECT_NE(parse_command_line({"--help"}).text.find("Exit status: 0 done; 1 "), std::string::npos);
}

}  // namespace
}  // namespace apiary::ctl
