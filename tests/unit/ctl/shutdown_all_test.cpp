// apiaryctl shutdown-all, and the list that it and `daemon stop` show.
#include <gtest/gtest.h>

#include "ctl/commands/commands.hpp"
#include "ctl/live_list.hpp"
#include "fake_client.hpp"

namespace apiary::ctl {
namespace {

using Action = Invocation::Action;

constexpr std::uint64_t second = 1'000'000;

auto asking(bool wait = true) -> Invocation {
    Invocation asked;
    asked.action = Action::shutdown_all;
    asked.wait = wait;
    return asked;
}

auto state_of(std::string const& vm, std::string const& state, std::string const& sub_state = {},
              std::string const& reason = "requested") -> Notice {
    Notice notice;
    notice.kind = Notice::Kind::event;
    notice.event.seq = 100;  // the list shows those up to 7
    notice.event.type = "state";
    notice.event.vm = vm;
    notice.event.state = state;
    notice.event.sub_state = sub_state;
    notice.event.reason = reason;
    return notice;
}

auto notice_of(Notice::Kind kind) -> Notice {
    Notice notice;
    notice.kind = kind;
    return notice;
}

struct StopAll : testing::Test, Scene {
    StopAll() {
        add_vm("db", "running");
        add_vm("idle", "stopped");
        add_vm("web", "running");
        daemon.stops = {{"web", "/vm/web", {}}, {"db", "/vm/db", {"web"}}};
    }
};

TEST_F(StopAll, WaitsForAllAndTellsEachChange) {
    daemon.notices = {state_of("web", "stopping", "acpi"), state_of("other", "stopped"), state_of("web", "stopped"),
                      state_of("db", "stopping", "acpi"), state_of("db", "stopped")};
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
    EXPECT_EQ(out.str(), "web: stopped\ndb: stopped\n");
    EXPECT_EQ(err.str(),
              "web is running\ndb is running\n"
              "web is stopping/acpi\nweb is stopped\ndb is stopping/acpi\ndb is stopped\n");
    EXPECT_EQ(daemon.calls, (Strings{"subscribe", "stop-all", "list after ''"}));
}

TEST_F(StopAll, WhatEndedBeforeWeLookedIsSeen) {
    daemon.vms[0].state = daemon.vms[2].state = "stopped";
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
    EXPECT_EQ(out.str(), "web: stopped\ndb: stopped\n");
}

// What happened before we looked arrives after it.
TEST_F(StopAll, OldNewsIsNoNews) {
    daemon.vms[2].state = "stopping";
    auto old = state_of("web", "running");
    old.event.seq = 7;
    daemon.notices = {old, state_of("web", "stopped"), state_of("db", "stopped")};
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
}

TEST_F(StopAll, ACanceledStopKeepsUpWhomItNeeds) {
    daemon.notices = {state_of("web", "stopping", "acpi"), state_of("web", "running")};
    EXPECT_EQ(run(context, asking()), ExitCode::cut_short);
    EXPECT_EQ(out.str(), "");
    EXPECT_NE(err.str().find("web: is running: its stop was canceled"), std::string::npos) << err.str();
    EXPECT_NE(err.str().find("db: is running: web stays up, and needs it"), std::string::npos) << err.str();
}

TEST_F(StopAll, WhatFailedIsTold) {
    daemon.notices = {state_of("web", "stopped"), state_of("db", "failed", "undo-pending", "step-failed")};
    EXPECT_EQ(run(context, asking()), ExitCode::failed);
    EXPECT_EQ(out.str(), "web: stopped\n");
    EXPECT_NE(err.str().find("db: is at rest, but failed/undo-pending: step-failed"), std::string::npos) << err.str();
}

TEST_F(StopAll, AGuestThatHadToBeSwitchedOffIsTold) {
    daemon.notices = {state_of("web", "stopping", "acpi"), state_of("web", "stopping", "killing", "stop-timeout"),
                      state_of("web", "stopped", "", "stop-timeout"), state_of("db", "stopped")};
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
    EXPECT_EQ(out.str(), "web: stopped, switched off: its stop_timeout was over\ndb: stopped\n");
    EXPECT_NE(err.str().find("web is stopping/killing\nweb is stopped, switched off: its stop_timeout was over\n"),
              std::string::npos)
        << err.str();
}

TEST_F(StopAll, TheEndOfTheDaemonTellsOfItToo) {
    daemon.notices = {state_of("web", "stopped", "", "stop-timeout"), state_of("db", "stopped"),
                      notice_of(Notice::Kind::daemon_gone)};
    auto asked = asking();
    asked.action = Action::daemon_stop;
    EXPECT_EQ(run(context, asked), ExitCode::ok);
    EXPECT_EQ(out.str(),
              "web: stopped, switched off: its stop_timeout was over\nall VMs are stopped, the daemon has ended\n");
}

TEST_F(StopAll, InterruptedTheStopsGoOn) {
    daemon.notices = {state_of("web", "stopped")};
    EXPECT_NE(run(context, asking()), ExitCode::ok);
    EXPECT_NE(err.str().find("Interrupted. The daemon goes on with stopping 1 VM."), std::string::npos) << err.str();
}

TEST_F(StopAll, ADaemonThatGoesAwayIsNoSuccess) {
    daemon.notices = {notice_of(Notice::Kind::daemon_gone)};
    EXPECT_EQ(run(context, asking()), ExitCode::unreachable);
}

TEST_F(StopAll, LooksAgainWhereSignalsWereLost) {
    daemon.notices = {notice_of(Notice::Kind::missed)};
    daemon.on_notice = [this](Notice const&) { daemon.vms[0].state = daemon.vms[2].state = "stopped"; };
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
}

TEST_F(StopAll, WithoutWaiting) {
    EXPECT_EQ(run(context, asking(false)), ExitCode::ok);
    EXPECT_EQ(out.str(), "web: stop asked for\ndb: stop asked for\n");
}

TEST_F(StopAll, NothingRuns) {
    daemon.stops.clear();
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
    EXPECT_EQ(out.str(), "no VM that you may operate runs\n");
}

TEST_F(StopAll, InJson) {
    output.json = output.quiet = true;
    daemon.notices = {state_of("web", "stopped"), state_of("db", "stopped")};
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
    EXPECT_EQ(out.str(),
              R"({"result":"done","vms":[{"name":"web","state":"stopped","sub_state":"","reason":"requested",)"
              R"("at_rest":true,"left_alone":null},{"name":"db","state":"stopped","sub_state":"",)"
              R"("reason":"requested","at_rest":true,"left_alone":null}]})"
              "\n");
    EXPECT_EQ(err.str(), "");
}

TEST_F(StopAll, OnATerminalTheListIsDrawnOverItself) {
    output.err_style = {.tty = true, .colour = false, .width = 60};
    daemon.notices = {state_of("web", "stopping", "acpi"), state_of("web", "stopped"), state_of("db", "stopped")};
    EXPECT_EQ(run(context, asking()), ExitCode::ok);
    auto const text = err.str();
    EXPECT_EQ(text.find("NAME"), 0U);
    EXPECT_NE(text.find("after web"), std::string::npos);
    EXPECT_NE(text.find("1 of 2 at rest"), std::string::npos);
    EXPECT_NE(text.find("\x1b[4A\r\x1b[J"), std::string::npos);
    EXPECT_TRUE(text.ends_with("\x1b[J"));  // nothing of it stays
    EXPECT_EQ(out.str(), "web: stopped\ndb: stopped\n");
}

TEST(LiveList, ShowsWhatGoesOnFirstAndCountsWhatDoesNotFit) {
    std::ostringstream out, err;
    Output output{.out = out, .err = err, .out_style = {}, .err_style = {}};
    LiveList list{output};
    auto const row = [](std::string name, std::string state, std::uint64_t since, Strings behind) {
        return LiveList::Row{.name = std::move(name),
                             .state = std::move(state),
                             .sub_state = {},
                             .reason = {},
                             .since = since * second,
                             .behind = std::move(behind),
                             .left_alone = {}};
    };
    list.add(row("a", "running", 0, {"b", "c"}));
    list.add(row("b", "stopping", 0, {}));
    list.add(row("c", "stopped", 7000, {}));
    EXPECT_EQ(list.text(7325 * second, 10, {}),
              "NAME  STATE       SINCE  NOTE\n"
              "b     stopping  2:02:05\n"
              "a     running   2:02:05  after b and 1 more\n"
              "c     stopped      5:25\n"
              "1 of 3 at rest\n");
    EXPECT_EQ(list.text(7325 * second, 5, {}),
              "NAME  STATE       SINCE  NOTE\n"
              "b     stopping  2:02:05\n"
              "a     running   2:02:05  after b and 1 more\n"
              "1 of 3 at rest, 1 not shown\n");
    list.see("b", "stopping", "killing", "stop-timeout", 7320 * second);
    EXPECT_NE(list.text(7325 * second, 10, {}).find("b     stopping/killing      5 s  switched off: its stop_timeout"),
              std::string::npos);
    EXPECT_FALSE(list.over());
    EXPECT_EQ(passed_text(0, 59 * second) + passed_text(5, 0), "59 s0 s");
}

}  // namespace
}  // namespace apiary::ctl
