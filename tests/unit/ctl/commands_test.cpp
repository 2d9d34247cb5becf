// The commands, from what is asked to what is printed and returned.
#include "ctl/commands/commands.hpp"

#include <gtest/gtest.h>

#include "fake_client.hpp"

namespace apiary::ctl {
namespace {

using Action = Invocation::Action;

auto asking(Action action, Strings vms = {}) -> Invocation {
    Invocation asked;
    asked.action = action;
    asked.vms = std::move(vms);
    return asked;
}

auto event(std::uint64_t seq, std::string const& vm) -> Event {
    Event made;
    made.seq = seq;
    made.vm = vm;
    made.type = "notice";
    made.details.emplace("text", Value{"text " + std::to_string(seq)});
    return made;
}

TEST(ListCommand, reads_all_pages_and_sorts) {
    Scene scene;
    scene.daemon.page_size = 2;
    for (char const* const name : {"Zoo", "a", "b", "c", "d"}) {
        scene.add_vm(name, "stopped");
    }
    auto asked = asking(Action::list);
    asked.names_only = true;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "a\nb\nc\nd\nZoo\n");
    EXPECT_EQ(scene.daemon.calls, (Strings{"list after ''", "list after 'a'", "list after 'c'"}));
}

TEST(ListCommand, prints_a_table) {
    Scene scene;
    auto& web = scene.add_vm("web", "running");
    web.sub_state = "rebooting";
    web.reason = "requested";
    web.fields = {{"Id", Value{std::uint64_t{3}}},
                  {"Cpus", Value{std::uint64_t{2}}},
                  {"Memory", Value{std::uint64_t{512} << 20U}},
                  {"Loader", Value{std::string{"uefi"}}},
                  {"OwnerName", Value{std::string{"alice"}}}};
    EXPECT_EQ(run(scene.context, asking(Action::list)), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              "NAME  ID  STATE              REASON     CPUS  MEMORY  LOADER  OWNER\n"
              "web    3  running/rebooting  requested     2    512M  uefi    alice\n");
}

TEST(ListCommand, a_name_that_is_not_there_is_told_and_counts) {
    Scene scene;
    scene.add_vm("db", "stopped");
    scene.add_vm("web", "stopped");
    EXPECT_EQ(run(scene.context, asking(Action::list, {"wbe", "db"})), ExitCode::not_found);
    EXPECT_NE(scene.out.str().find("\ndb "), std::string::npos);
    EXPECT_EQ(scene.err.str(), "apiaryctl: wbe: there is no such VM that you may see\n  Did you mean 'web'?\n");
}

TEST(StatusCommand, of_a_vm_that_is_not_there) {
    Scene scene;
    scene.add_vm("web", "stopped");
    EXPECT_EQ(run(scene.context, asking(Action::status, {"wbe"})), ExitCode::not_found);
    EXPECT_EQ(scene.err.str(), "apiaryctl: wbe: There is no VM 'wbe'.\n  Did you mean 'web'?\n");
}

TEST(StatusCommand, says_what_to_do_next) {
    Scene scene;
    scene.add_vm("web", "failed").fields = {{"SubState", Value{std::string{"undo-pending"}}}};
    EXPECT_EQ(run(scene.context, asking(Action::status, {"web"})), ExitCode::ok);
    EXPECT_NE(scene.out.str().find("once what the reason names is mended, apiaryctl failreset web"), std::string::npos)
        << scene.out.str();
}

TEST(StatusCommand, says_what_to_do_about_restarts) {
    Scene scene;
    scene.add_vm("db", "stopped").fields = {{"SubState", Value{std::string{"backoff"}}}};
    scene.add_vm("web", "failed").fields = {{"Reason", Value{std::string{"restart-limit"}}}};
    EXPECT_EQ(run(scene.context, asking(Action::status, {"db", "web"})), ExitCode::ok);
    EXPECT_NE(scene.out.str().find("apiaryctl stop db keeps it stopped"), std::string::npos) << scene.out.str();
    EXPECT_NE(scene.out.str().find("apiaryctl start web begins anew"), std::string::npos) << scene.out.str();
}

TEST(OperateCommand, subscribes_first_and_waits) {
    Scene scene;
    scene.add_vm("web", "stopped");
    scene.daemon.job_answers[job_path(17)] = {{"Result", Value{std::string{"done"}}}};
    EXPECT_EQ(run(scene.context, asking(Action::operate, {"web"})), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "web: started\n");
    EXPECT_EQ(scene.daemon.calls, (Strings{"subscribe", "start /vm/web", "read " + job_path(17)}));
}

TEST(OperateCommand, a_stop_of_what_is_failed_does_not_call_it_stopped) {
    Scene scene;
    scene.add_vm("cr", "failed").sub_state = "undo-pending";
    scene.add_vm("web", "stopped");
    scene.daemon.job_answers[job_path(16)] = {{"Result", Value{std::string{"done"}}}};
    scene.daemon.job_answers[job_path(17)] = {{"Result", Value{std::string{"done"}}}};
    auto asked = asking(Action::operate, {"cr", "web"});
    asked.command = Command::stop;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "cr: at rest, but failed/undo-pending\nweb: stopped\n");
}

TEST(OperateCommand, without_waiting_neither_subscribes_nor_reads) {
    Scene scene;
    scene.add_vm("web", "running");
    auto asked = asking(Action::operate, {"web"});
    asked.command = Command::stop;
    asked.wait = false;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "web: stop asked for (job 17)\n");
    EXPECT_EQ(scene.daemon.calls, Strings{"stop /vm/web"});
}

TEST(OperateCommand, goes_on_with_the_others_and_returns_the_first_fault) {
    Scene scene;
    scene.add_vm("web", "stopped");
    scene.add_vm("mail", "stopped");
    scene.daemon.refusals.emplace("web", Failure{ExitCode::not_allowed, "not yours", {}, "AccessDenied"});
    scene.daemon.job_answers[job_path(18)] = {{"Result", Value{std::string{"failed"}}},
                                              {"Error", Value{std::string{"x"}}}};
    EXPECT_EQ(run(scene.context, asking(Action::operate, {"web", "mail"})), ExitCode::not_allowed);
    EXPECT_EQ(scene.err.str(),
              "apiaryctl: web: not yours\n"
              "  Its owner, the members of its group, and root may. Your rights: apiaryctl status web\n"
              "apiaryctl: mail: start failed: x\n"
              "  What happened: apiaryctl events --vm mail\n");
}

TEST(OperateCommand, gives_the_admins_flag_on) {
    Scene scene;
    scene.add_vm("web", "failed");
    auto asked = asking(Action::operate, {"web"});
    asked.command = Command::fail_reset;
    asked.force = true;
    asked.wait = false;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.daemon.calls, Strings{"failreset /vm/web force"});
}

TEST(EventsCommand, reads_until_there_is_nothing_more) {
    Scene scene;
    scene.daemon.page_size = 2;
    for (std::uint64_t seq = 1; seq <= 3; ++seq) {
        scene.daemon.journal.push_back(event(seq, "web"));
    }
    auto asked = asking(Action::events);
    asked.since = 2;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    auto const text = scene.out.str();
    EXPECT_EQ(text.find("text 1"), std::string::npos);
    EXPECT_LT(text.find("text 2"), text.find("text 3"));
    EXPECT_NE(text.find("text 3"), std::string::npos);
    EXPECT_EQ(scene.daemon.calls, Strings{"journal after 1"});
}

TEST(EventsCommand, tells_that_some_are_gone) {
    Scene scene;
    scene.output.json = true;
    scene.daemon.journal_oldest = 5;
    scene.daemon.journal = {event(5, "web")};
    auto asked = asking(Action::events);
    asked.since = 2;
    asked.json = true;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_TRUE(scene.out.str().starts_with(R"({"control":"truncated","oldest":5,"stream":"s1"})"
                                            "\n"
                                            R"({"seq":5,)"))
        << scene.out.str();
}

TEST(EventsCommand, from_the_beginning_what_is_gone_is_no_news) {
    Scene scene;
    scene.daemon.journal_oldest = 5;
    scene.daemon.journal = {event(5, "web")};
    EXPECT_EQ(run(scene.context, asking(Action::events)), ExitCode::ok);
    EXPECT_NE(scene.out.str().find("text 5"), std::string::npos);
    EXPECT_EQ(scene.err.str(), "");
}

TEST(EventsCommand, tells_that_the_numbers_are_others) {
    Scene scene;
    scene.daemon.journal = {event(1, "web")};
    auto asked = asking(Action::events);
    asked.since = 900;
    asked.stream = "s0";
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_NE(scene.err.str().find("numbers its events anew"), std::string::npos);
    EXPECT_NE(scene.out.str().find("text 1"), std::string::npos);
}

// From the oldest on there is nothing to refuse, so the stream itself tells it.
TEST(EventsCommand, tells_that_the_numbers_are_others_from_the_oldest_on_too) {
    Scene scene;
    scene.output.json = true;
    scene.daemon.journal = {event(1, "web"), event(2, "web")};
    auto asked = asking(Action::events);
    asked.since = 0;
    asked.stream = "s0";
    asked.json = true;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), R"({"control":"stream-changed","stream":"s1"})"
                               "\n" +
                                   event_json(scene.daemon.journal[0], "s1") + '\n' +
                                   event_json(scene.daemon.journal[1], "s1") + '\n');
    EXPECT_NE(scene.err.str().find("numbers its events anew"), std::string::npos);
}

// What is gone is told, and when it goes on with the oldest that is left, that is of another numbering.
TEST(EventsCommand, numbers_may_become_others_between_a_gap_and_what_follows) {
    Scene scene;
    scene.output.json = true;
    auto& daemon = scene.daemon;
    daemon.journal_oldest = 50;
    daemon.journal = {event(50, "web")};
    int opened = 0;
    daemon.on_open = [&] {
        if (++opened == 2) {  // after the refusal
            daemon.stream = "s2";
            daemon.journal_oldest = 1;
            daemon.journal = {event(1, "web")};
        }
    };
    auto asked = asking(Action::events);
    asked.since = 9;
    asked.json = true;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), R"({"control":"truncated","oldest":50,"stream":"s1"})"
                               "\n"
                               R"({"control":"stream-changed","stream":"s2"})"
                               "\n" +
                                   event_json(daemon.journal[0], "s2") + '\n');
}

TEST(EventsCommand, begins_at_a_time) {
    Scene scene;
    scene.daemon.journal = {event(1, "web"), event(2, "web")};
    scene.daemon.journal[1].time = 500;
    auto asked = asking(Action::events);
    asked.from = 400;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str().find("text 1"), std::string::npos);
    EXPECT_NE(scene.out.str().find("text 2"), std::string::npos);
}

// Each time the stream ends, the journal has grown by one when it is opened again.
TEST(EventsCommand, a_stream_that_ends_is_gone_on_with) {
    Scene scene;
    scene.output.json = true;
    auto& daemon = scene.daemon;
    int opened = 0;
    daemon.on_open = [&] {
        daemon.journal.push_back(event(daemon.journal.size() + 1, "web"));
        daemon.interrupts = ++opened == 4;
        daemon.away = opened == 2 ? 3 : 0;
    };
    for (auto const kind : {Notice::Kind::daemon_gone, Notice::Kind::daemon_back}) {
        daemon.notices.push_back({.kind = kind, .path = {}, .values = {}, .event = {}});
    }
    auto asked = asking(Action::events);
    asked.since = 1;
    asked.follow = asked.json = true;
    static_cast<void>(run(scene.context, asked));
    std::string expected;
    for (auto const& one : daemon.journal) {
        expected += event_json(one, daemon.stream) + '\n';
    }
    EXPECT_EQ(opened, 4);
    EXPECT_EQ(scene.out.str(), expected);  // each once, and nothing between them
    EXPECT_NE(scene.err.str().find("apiaryd is back"), std::string::npos);
}

TEST(EventsCommand, a_number_that_the_journal_has_not_is_told) {
    Scene scene;
    scene.daemon.journal = {event(1, "web"), event(2, "web")};
    auto asked = asking(Action::events);
    asked.since = 9;
    EXPECT_EQ(run(scene.context, asked), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "");
    EXPECT_EQ(scene.err.str(), "The journal has no event 9 (yet, or any more): the newest is 2.\n");
}

TEST(EventsCommand, a_journal_that_has_lost_its_end_is_told) {
    Scene scene;
    auto& daemon = scene.daemon;
    daemon.journal = {event(1, "web"), event(2, "web")};
    int opened = 0;
    daemon.on_open = [&] {
        if (++opened == 2) {
            daemon.journal.pop_back();
        }
        daemon.interrupts = opened == 3;
    };
    auto asked = asking(Action::events);
    asked.since = 1;
    asked.follow = true;
    static_cast<void>(run(scene.context, asked));
    EXPECT_NE(scene.err.str().find("The journal has no event 2 (any more): the newest is 1. It goes on from there."),
              std::string::npos)
        << scene.err.str();
}

TEST(EventsCommand, silence_about_a_vm_that_is_not_there_is_explained) {
    Scene scene;
    scene.add_vm("web", "stopped");
    EXPECT_EQ(run(scene.context, asking(Action::events, {"wbe"})), ExitCode::ok);
    EXPECT_NE(scene.err.str().find("Did you mean 'web'?"), std::string::npos);
}

TEST(JobsCommands, list_and_cancel) {
    Scene scene;
    scene.daemon.jobs = {{.id = 3,
                          .path = job_path(3),
                          .command = "start",
                          .vm = "web",
                          .stage = "launching",
                          .result = "running",
                          .progress = 0.9}};
    scene.daemon.job_answers[job_path(3)] = {};
    EXPECT_EQ(run(scene.context, asking(Action::jobs)), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              "JOB  COMMAND  VM   RESULT   DONE  STAGE\n"
              "  3  start    web  running   90%  launching\n");
    auto asked = asking(Action::cancel);
    asked.jobs = {3, 4};
    EXPECT_EQ(run(scene.context, asked), ExitCode::not_found);
    EXPECT_NE(scene.err.str().find("job 4: there is no such job"), std::string::npos);
}

TEST(DaemonCommands, reload_says_what_is_not_removed_yet) {
    Scene scene;
    scene.daemon.reloaded = {{"removed", Value{Strings{"db", "old", "web"}}}};
    scene.daemon.plans = {{.name = "db", .action = "removed", .effect = "remove", .keys = {}, .why = {}},
                          {.name = "web", .action = "removed", .effect = "remove-at-rest", .keys = {}, .why = {}}};
    EXPECT_EQ(run(scene.context, asking(Action::reload)), ExitCode::ok);
    EXPECT_EQ(scene.out.str(),
              "removed: db\nremoved: old\n"
              "removed: web (it is removed once it has stopped, and what it left on the host is undone)\n");
}

TEST(DaemonCommands, reload_says_what_has_changed) {
    Scene scene;
    scene.daemon.reloaded = {{"added", Value{Strings{"web"}}}, {"diagnostics", Value{Strings{"a:1:2: odd"}}}};
    EXPECT_EQ(run(scene.context, asking(Action::reload)), ExitCode::ok);
    EXPECT_EQ(scene.out.str(), "added:   web\n");
    EXPECT_EQ(scene.err.str(), "a:1:2: odd\n");
}

TEST(DaemonCommands, version_is_told_without_a_daemon_too) {
    Scene scene;
    scene.context.connect = []() -> std::unique_ptr<Client> { throw Failure{ExitCode::unreachable, "nobody"}; };
    EXPECT_EQ(run(scene.context, asking(Action::version)), ExitCode::ok);
    EXPECT_EQ(run(scene.context, asking(Action::list)), ExitCode::unreachable);
    EXPECT_EQ(scene.err.str(), "apiaryctl: nobody\n");
}

}  // namespace
}  // namespace apiary::ctl
