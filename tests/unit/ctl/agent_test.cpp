// apiaryctl agent: what it prints, asks and advises.
#include <gtest/gtest.h>

#include "ctl/commands/commands.hpp"
#include "fake_client.hpp"

namespace apiary::ctl {
namespace {

using Action = Invocation::Action;

struct AgentCommands : ::testing::Test {
    AgentCommands() {
        Values clerk{{"name", Value{std::string{"clerk"}}},
                     {"who", Value{std::string{":1.7 of root"}}},
                     {"present", Value{false}},
                     {"needed", Value{true}},
                     {"order", Value{std::uint64_t{10}}},
                     {"calls", Value{Strings{"prestart"}}},
                     {"vms", Value{Strings{"db", "web"}}},
                     {"answered", Value{std::uint64_t{5}}},
                     {"failures", Value{std::uint64_t{1}}},
                     {"under-way", Value{std::uint64_t{0}}},
                     {"error", Value{std::string{"it went away"}}}};
        Values keeper{{"name", Value{std::string{"keeper"}}},
                      {"present", Value{true}},
                      {"needed", Value{false}},
                      {"order", Value{std::uint64_t{50}}}};
        scene.daemon.agents = {clerk, keeper};
    }
    auto list() -> ExitCode {
        asked.action = Action::agent_list;
        return run(scene.context, asked);
    }
    auto unregister(Strings names) -> ExitCode {
        asked.action = Action::agent_unregister;
        asked.agents = std::move(names);
        return run(scene.context, asked);
    }
    Scene scene;
    Invocation asked;
};

TEST_F(AgentCommands, list_is_a_table) {
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              "NAME    STATE    NEEDED  ORDER  VMS     CALLS  FAILURES  LAST ERROR\n"
              "clerk   gone     yes        10  db,web      5         1  it went away\n"
              "keeper  present  no         50  all         0         0  -\n");
}

TEST_F(AgentCommands, list_of_names_and_of_none) {
    asked.names_only = true;
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "clerk\nkeeper\n");
    asked.names_only = false;
    scene.daemon.agents.clear();
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.err.str(), "There are no agents.\n");
}

TEST_F(AgentCommands, list_as_json) {
    asked.json = true;
    EXPECT_EQ(list(), ExitCode::ok);
    EXPECT_EQ(scene.out.str().find(
                  R"({"agents":[{"name":"clerk","who":":1.7 of root","present":false,"needed":true,"order":10,)"
                  R"("vms":["db","web"],"calls":["prestart"],"events":[],"answered":5,"failures":1,"under_way":0,)"
                  R"("waiting":0,"last_error":"it went away"},{"name":"keeper",)"),
              0U);
    EXPECT_NE(scene.out.str().find(R"("vms":null)"), std::string::npos);
}

TEST_F(AgentCommands, an_older_daemon_has_none) {
    scene.daemon.refusals.emplace("agents", Failure{ExitCode::failed, "No such interface", {}, "UnknownMethod"});
    EXPECT_EQ(list(), ExitCode::failed);
    EXPECT_NE(scene.err.str().find("older than apiaryctl"), std::string::npos);
}

TEST_F(AgentCommands, unregister_goes_through_all) {
    EXPECT_EQ(unregister({"clrk", "clerk"}), ExitCode::not_found);
    EXPECT_EQ(scene.out.str(), "clerk: unregistered\n");
    EXPECT_NE(scene.err.str().find("There is no agent 'clrk'."), std::string::npos);
    EXPECT_NE(scene.err.str().find("Did you mean 'clerk'?"), std::string::npos);
    EXPECT_EQ(scene.daemon.calls, (Strings{"unregister clerk"}));
}

TEST_F(AgentCommands, unregister_as_json) {
    asked.json = true;
    EXPECT_EQ(unregister({"keeper", "nobody"}), ExitCode::not_found);
    EXPECT_EQ(
        scene.out.str().find(
            R"({"results":[{"agent":"keeper","command":"unregister","result":"done","error":"","error_name":""},)"),
        0U);
    EXPECT_NE(scene.out.str().find(R"("result":"failed","error":"There is no agent 'nobody'.")"), std::string::npos);
}

}  // namespace
}  // namespace apiary::ctl
