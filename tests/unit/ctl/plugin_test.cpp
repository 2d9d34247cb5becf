// apiaryctl plugin: what it prints, asks and advises.
#include <gtest/gtest.h>

#include "ctl/commands/commands.hpp"
#include "fake_client.hpp"

namespace apiary::ctl {
namespace {

using Action = Invocation::Action;

struct PluginCommands : ::testing::Test {
    PluginCommands() {
        PluginRow broken{.name = "broken",
                         .path = {},
                         .state = "unusable",
                         .version = {},
                         .error = "cannot be loaded",
                         .fields = {}};
        PluginRow story{.name = "story",
                        .path = {},
                        .state = "running",
                        .version = "1.0",
                        .error = {},
                        .fields = {{"Calls", Value{std::uint64_t{12}}},
                                   {"Failures", Value{std::uint64_t{2}}},
                                   {"Restarts", Value{std::uint64_t{1}}},
                                   {"LatencyMean", Value{std::uint64_t{1550}}},
                                   {"LatencyMax", Value{std::uint64_t{2'300'000}}},
                                   {"Pid", Value{std::uint64_t{77}}},
                                   {"Keys", Value{Strings{"story_do", "story_file"}}}}};
        scene.daemon.plugins = {broken, story};
    }
    auto list() -> ExitCode {
        asked.action = Action::plugin_list;
        return run(scene.context, asked);
    }
    auto operate(PluginCommand command, Strings names) -> ExitCode {
        asked.action = Action::plugin_operate;
        asked.plugin_command = command;
        asked.plugins = std::move(names);
        return run(scene.context, asked);
    }
    auto show(Strings names) -> ExitCode {
        asked.action = Action::plugin_show;
        asked.plugins = std::move(names);
        return run(scene.context, asked);
    }
    Scene scene;
    Invocation asked;
};

TEST_F(PluginCommands, list_is_a_table) {
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              "NAME    VERSION  STATE     CALLS  FAILURES    MEAN  LAST ERROR\n"
              "broken  -        unusable      0         0       -  cannot be loaded\n"
              "story   1.0      running      12         2  1.5 ms  -\n");
}

TEST_F(PluginCommands, list_takes_all_pages) {
    scene.daemon.page_size = 1;
    asked.names_only = true;
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "broken\nstory\n");
}

TEST_F(PluginCommands, list_of_a_state_and_of_none) {
    asked.names_only = true;
    asked.states = {"running"};
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "story\n");
    asked.names_only = false;
    asked.states = {"absent"};
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.err.str(), "No plugin is in such a state.\n");
    scene.daemon.plugins.clear();
    asked.states.clear();
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_NE(scene.err.str().find("There are no plugins."), std::string::npos);
}

TEST_F(PluginCommands, list_as_json) {
    asked.json = true;
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              R"({"plugins":[{"name":"broken","version":"","description":"","state":"unusable",)"
              R"("last_error":"cannot be loaded","phase":"","path":"","keys":[],"events":[],"pid":0,"restarts":0,)"
              R"("calls":0,"failures":0,"under_way":0,"strikes":0,"latency_mean_us":0,"latency_max_us":0},)"
              R"({"name":"story","version":"1.0","description":"","state":"running","last_error":"","phase":"",)"
              R"("path":"","keys":["story_do","story_file"],"events":[],"pid":77,"restarts":1,"calls":12,"failures":2,)"
              R"("under_way":0,"strikes":0,"latency_mean_us":1550,"latency_max_us":2300000}]})"
              "\n");
}

TEST_F(PluginCommands, who_may_not_see_them_is_told_who_may) {
    scene.daemon.refusals.emplace("plugins", Failure{ExitCode::not_allowed, "You may not.", {}, "AccessDenied"});
    EXPECT_EQ(list(), ExitCode::not_allowed);
    EXPECT_NE(scene.err.str().find("root and to the observers"), std::string::npos) << scene.err.str();
}

TEST_F(PluginCommands, show_has_everything_and_what_to_do_next) {
    EXPECT_EQ(show({"story", "broken"}), ExitCode::ok);
    auto const text = scene.out.str();
    for (auto const* const line :
         {"story\n", "  version       1.0\n", "  keys          story_do,story_file\n",
          "  process       77, started anew 1 time\n", "  calls         12, 2 failed, 0 under way\n",
          "  latency       1.5 ms on average, 2.3 s at most\n", "broken\n", "  last error    cannot be loaded\n",
          "  next          mend or replace its file: the daemon looks at it again by itself\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << " is not in\n" << text;
    }
}

TEST_F(PluginCommands, a_mistyped_name_is_told) {
    EXPECT_EQ(show({"stroy"}), ExitCode::not_found);
    EXPECT_NE(scene.err.str().find("Did you mean 'story'?"), std::string::npos) << scene.err.str();
    EXPECT_EQ(operate(PluginCommand::enable, {"hookcmd", "story"}), ExitCode::not_found);
    EXPECT_NE(scene.err.str().find("apiaryctl plugin list"), std::string::npos) << scene.err.str();
    EXPECT_EQ(scene.daemon.calls, (Strings{"enable /plugin/story"}));
}

TEST_F(PluginCommands, operate_on_each_in_turn) {
    EXPECT_EQ(operate(PluginCommand::disable, {"story", "broken"}), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "story: disabled\nbroken: disabled\n");
    EXPECT_EQ(scene.daemon.calls, (Strings{"disable /plugin/story", "disable /plugin/broken"}));
}

TEST_F(PluginCommands, operate_tells_why_not) {
    scene.daemon.refusals.emplace("broken", Failure{ExitCode::failed, "It cannot be used.", {}, "InvalidState"});
    EXPECT_EQ(operate(PluginCommand::restart, {"broken", "story"}), ExitCode::failed);
    EXPECT_EQ(scene.out.str(), "story: restarted\n");
    EXPECT_NE(scene.err.str().find("broken: It cannot be used."), std::string::npos) << scene.err.str();
    EXPECT_NE(scene.err.str().find("apiaryctl plugin show broken"), std::string::npos) << scene.err.str();
}

// Its process is begun with a call, and there was none.
TEST_F(PluginCommands, a_restart_that_begins_no_process_is_told_so) {
    scene.daemon.plugins[1].state = "ended";
    EXPECT_EQ(operate(PluginCommand::restart, {"story"}), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "story: looked at anew; its process starts with the next call\n");
    EXPECT_EQ(show({"story"}), ExitCode::ok);
    EXPECT_EQ(scene.out.str().find("plugin restart"), std::string::npos) << scene.out.str();
}

TEST_F(PluginCommands, operate_as_json) {
    scene.daemon.refusals.emplace("broken", Failure{ExitCode::failed, "No.", {}, "InvalidState"});
    asked.json = true;
    EXPECT_EQ(operate(PluginCommand::disable, {"story", "broken"}), ExitCode::failed);
    EXPECT_EQ(scene.out.str(),
              R"({"results":[{"plugin":"story","command":"disable","result":"done","state":"disabled","error":"",)"
              R"("error_name":""},{"plugin":"broken","command":"disable","result":"failed","state":null,"error":"No.",)"
              R"("error_name":"InvalidState"}]})"
              "\n");
}

TEST_F(PluginCommands, ctrl_c_ends_the_waiting_and_what_was_to_follow) {
    auto const ended = exit_code_of_signal(2);
    scene.daemon.refusals.emplace("story", Failure{ended, "Interrupted before apiaryd had answered.", {}, "EINTR"});
    EXPECT_EQ(operate(PluginCommand::disable, {"story", "broken"}), ended);
    EXPECT_EQ(scene.daemon.calls, (Strings{"disable /plugin/story"}));
    EXPECT_EQ(scene.err.str(),
              "Interrupted. The daemon goes on with it: 'apiaryctl plugin show story' tells how it is.\n");
}

}  // namespace
}  // namespace apiary::ctl
