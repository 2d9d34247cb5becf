// What apiary-plugin-host does for a plugin that behaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "unit/plugin/host_fixture.hpp"

namespace apiary::plugin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

using Host = HostFixture;

TEST_F(Host, DescribesWithoutRights) {
    host.begin("describe", "probe");
    auto const answer = host.wait_for({"plugin", "failed"});
    ASSERT_TRUE(answer);
    auto const declared = declaration_from(answer->body);
    EXPECT_EQ(declared.name, "probe");
    EXPECT_THAT(judge(declared, "probe.so"), IsEmpty());
    EXPECT_TRUE(declared.has.configure && declared.has.prestart && declared.has.renew && declared.has.reload);
    EXPECT_FALSE(host.wait_for({"plugin"}));
    EXPECT_EQ(host.status(), 0);
}

TEST_F(Host, ConfiguresWithoutRights) {
    host.begin("configure", "probe");
    ASSERT_TRUE(host.wait_for({"plugin"}));
    auto const check = [&](Settings const& settings) {
        host.send({{"t", "check"}, {"id", ++last_id}, {"vm", vm_body(settings)}});
        auto const answer = host.wait_for({"checked"});
        EXPECT_TRUE(answer && number_of(answer->body, "id") == last_id);
        return answer ? answer->body.dump() : std::string{};
    };
    EXPECT_THAT(check({}), HasSubstr(R"("messages":[],"ok":true)"));
    EXPECT_THAT(check({{"say", {"too red", "colour"}}, {"result", {"1"}}}),
                HasSubstr(R"("messages":[[0,"colour","too red"]],"ok":false)"));
    EXPECT_THAT(check({{"result", {"1"}}}), HasSubstr("gave no reason"));
    // Nothing but the settings is within reach.
    EXPECT_THAT(check({{"run", {"/bin/true"}}}), HasSubstr("configure() runs nothing"));
    EXPECT_THAT(check({{"contribute", {"tap", "nic0", "tap0"}}}), HasSubstr("only prestart"));
    check({{"rights", {}}});
    EXPECT_THAT(host.logged(), Not(Contains(StartsWith("uid 0 "))));
    EXPECT_THAT(host.logged(), Contains(HasSubstr("NoNewPrivs:\t1")));
    check({{"secret", {"x"}}});
    EXPECT_THAT(host.logged(), Contains(HasSubstr("no secret: Operation not permitted")));
    host.channel.reset();
    EXPECT_EQ(host.status(), 0);
}

TEST_F(Host, TellsThePluginWhatTheCallIsAbout) {
    serve("probe", {{"bus", "unix:path=/x"}});
    auto const end =
        call("prestart", {{"tell", {}}}, {{"contributions", {{"file", "vars", "/v"}, {"tap", "nic0", "t"}}}});
    EXPECT_EQ(result_of(end), "ok: ");
    EXPECT_THAT(host.logged(), Contains("vm web id 7 incarnation 3 run /run/vm/7/3 attempt 41"));
    EXPECT_THAT(host.logged(), Contains("state " + folder.path() + " bus unix:path=/x"));
    EXPECT_THAT(host.logged(), Contains("time left canceled 0"));
    EXPECT_THAT(host.logged(), Contains("given file vars /v"));
    EXPECT_THAT(host.logged(), Contains("given tap nic0 t"));

    host.send({{"t", "bus"}, {"bus", "unix:path=/y"}});
    call("event", {{"tell", {}}}, {{"event", {{"seq", 12}, {"type", "state"}, {"fields", {{"state", "running"}}}}}});
    EXPECT_THAT(host.logged(), Contains("event 12 state state running other (null)"));
    EXPECT_THAT(host.logged(), Contains(HasSubstr("bus unix:path=/y")));
    host.send({{"t", "bus"}});
    call("event", {{"tell", {}}}, {{"vm", nullptr}});
    call("event", {{"tell", {}}});
    EXPECT_THAT(host.logged(), Contains(HasSubstr("bus (null)")));
}

TEST_F(Host, AnswersWhatTheFunctionGives) {
    serve("probe");
    EXPECT_EQ(result_of(call("prestart", {})), "ok: ");
    EXPECT_EQ(result_of(call("prestart", {{"say", {"the moon is full"}}, {"result", {"2"}}})),
              "veto: the moon is full");
    EXPECT_EQ(result_of(call("prestart", {{"say", {"a"}}, {"say", {"b"}}, {"result", {"1"}}})), "failed: b");
    EXPECT_EQ(result_of(call("prestart", {{"result", {"1"}}})), "failed: it gave no reason");
    EXPECT_EQ(result_of(call("prestart", {{"result", {"77"}}})), "failed: its function prestart gave 77");
    EXPECT_THAT(result_of(call("poststop", {{"result", {"2"}}})), HasSubstr("only prestart can"));
    EXPECT_EQ(result_of(call("renew", {})), "ok: ");
    EXPECT_EQ(result_of(call("event", {})), "ok: ");
    EXPECT_EQ(result_of(call("reload", {})), "ok: ");
    EXPECT_EQ(result_of(call("a later daemon's", {})), "ok: ");
    EXPECT_THAT(host.logged(), Contains("reload"));
}

// What the wrapper for C++ throws then hides nothing of what the host has said.
TEST_F(Host, ARefusedContributionIsToldByItsReason) {
    serve("wrapped");
    EXPECT_EQ(result_of(call("prestart", {{"wrapped_give", {"volume", "x", "y"}}})),
              "failed: no backend takes a contribution of kind \"volume\": fd, file, tap, skip and note are known");
    EXPECT_THAT(result_of(call("prestart", {{"wrapped_give", {"nic0x"}}})), HasSubstr("not for nic0x"));
    EXPECT_EQ(result_of(call("prestart", {{"wrapped_give", {"note", "a", "b"}}})), "ok: ");
}

TEST_F(Host, PassesContributionsOn) {
    serve("probe");
    auto const end = call("prestart", {{"contribute", {"tap", "nic0", "tap9"}},
                                       {"contribute_fd", {"disk0", "/dev/null"}},
                                       {"contribute", {"note", "lv", "vg0/web"}},
                                       {"contribute_fd", {"iso1", "/dev/zero"}}});
    ASSERT_EQ(result_of(end), "ok: ");
    EXPECT_THAT(*triples_of(end->body, "contributions"),
                ElementsAre(Triple{"tap", "nic0", "tap9"}, Triple{"fd", "disk0", "0"}, Triple{"note", "lv", "vg0/web"},
                            Triple{"fd", "iso1", "1"}));
    ASSERT_EQ(end->descriptors.size(), 2U);
    struct stat got {};
    struct stat wanted {};
    ASSERT_EQ(::fstat(end->descriptors[1].get(), &got), 0);
    ASSERT_EQ(::stat("/dev/zero", &wanted), 0);
    EXPECT_EQ(got.st_rdev, wanted.st_rdev);
    EXPECT_EQ(
        triples_of(call("prestart", {{"contribute", {"note", "a", "b"}}, {"result", {"1"}}})->body, "contributions"),
        (std::vector<Triple>{{"note", "a", "b"}}));
    EXPECT_EQ(
        triples_of(call("prestart", {{"contribute", {"note", "a", "b"}}, {"result", {"2"}}})->body, "contributions"),
        std::vector<Triple>{});
}

TEST_F(Host, RefusesContributions) {
    serve("probe");
    Json const before{{"contributions", {{"tap", "nic0", "t"}, {"note", "lv", "another's"}}}};
    auto const refused = [&](std::vector<std::string> const& words, std::string const& what = "prestart") {
        auto const end = call(what, {{"contribute", words}, {"result", {"1"}}}, before);
        return result_of(end);
    };
    EXPECT_EQ(refused({"tap", "nic0", "x"}), "failed: a step before contributed tap nic0 already");
    EXPECT_EQ(refused({"note", "lv", "x"}), "failed: it gave no reason");  // notes are each one's own
    EXPECT_THAT(refused({"tap", "disk0", "x"}), HasSubstr("is for nic0"));
    EXPECT_THAT(refused({"tap", "nic1", "much-too-long-a-name"}), HasSubstr("1 to 15 characters"));
    EXPECT_THAT(refused({"file", "disk0", "relative"}), HasSubstr("absolute path"));
    EXPECT_THAT(refused({"device", "x", "y"}), HasSubstr("no backend takes"));
    EXPECT_THAT(refused({"credentials", "hypervisor", "0"}), HasSubstr("no backend takes"));
    EXPECT_THAT(refused({"fd", "disk0", "7"}), HasSubstr("contribute_fd"));
    EXPECT_THAT(refused({"note", "", ""}), HasSubstr("1 to 64"));
    EXPECT_THAT(refused({"note", "a", "b"}, "poststop"), HasSubstr("only prestart and renew"));
    EXPECT_THAT(result_of(call("prestart", {{"contribute_fd", {"disk0", "/nonexistent"}}, {"result", {"1"}}})),
                HasSubstr("cannot be duplicated"));
    EXPECT_THAT(result_of(call(
                    "prestart",
                    {{"contribute", {"tap", "nic1", "a"}}, {"contribute", {"tap", "nic1", "b"}}, {"result", {"1"}}})),
                HasSubstr("already in this call"));
    // What renew was given are its own.
    EXPECT_EQ(result_of(call("renew", {{"contribute", {"tap", "nic0", "t"}}}, before)), "ok: ");
}

TEST_F(Host, AsksTheDaemonForSecrets) {
    host.begin("serve", "probe", {{"state", folder.path()}});
    auto ask = host.wait_for({"secret"});  // init() may ask too
    ASSERT_TRUE(ask);
    EXPECT_EQ(text_of(ask->body, "name"), "init");
    host.send({{"t", "secret"}, {"ask", ask->body["ask"]}, {"value", "sesame"}});
    ASSERT_TRUE(host.wait_for({"plugin"}));
    EXPECT_THAT(host.logged(), Contains("init has the secret sesame"));

    auto const answer = [&](Json more) {
        auto const id = begin_call("prestart", {{"secret", {"door"}}});
        ask = host.wait_for({"secret"});
        more.update({{"t", "secret"}, {"ask", ask->body["ask"]}});
        host.send(std::move(more));
        host.end_of(id);
        return host.logged().back();
    };
    EXPECT_EQ(answer({{"value", "0123456789abcde"}}), "secret 0123456789abcde");
    EXPECT_EQ(answer({{"value", "0123456789abcdef"}}), "no secret: Numerical result out of range");
    EXPECT_EQ(answer({{"error", ENOENT}}), "no secret: No such file or directory");
    EXPECT_EQ(answer(Json::object()), "no secret: Input/output error");
}

TEST_F(Host, EmitsEvents) {
    serve("probe");
    call("prestart", {{"emit", {"the network is up", "blue"}}});
    ASSERT_FALSE(host.passed.empty());
    EXPECT_EQ(host.passed.back().body,
              Json({{"t", "emit"}, {"vm", "web"}, {"text", "the network is up"}, {"details", {{"colour", "blue"}}}}));
}

TEST_F(Host, LogsWhatThePluginPrints) {
    serve("probe");
    call("prestart", {{"print", {"plain words"}}});
    // It comes by another way than the answer, so it may be earlier or later.
    auto const before = host.logged();
    if (before.empty()) {
        auto const frame = host.wait_for({"log"});
        ASSERT_TRUE(frame);
        EXPECT_EQ(text_of(frame->body, "text"), "plain words");
    } else {
        EXPECT_THAT(before, ElementsAre("plain words"));
    }
}

TEST_F(Host, CallsAboutOneVmComeOneAfterTheOther) {
    serve("probe");
    for (int i = 0; i < 10; ++i) {
        begin_call("event", {{"alone", {}}});
    }
    for (std::uint64_t id = 1; id <= 10; ++id) {
        auto const end = host.wait_for({"end"});
        ASSERT_TRUE(end);
        EXPECT_EQ(number_of(end->body, "id"), id);
    }
    EXPECT_THAT(host.logged(), testing::Each("others 0"));
}

TEST_F(Host, CallsAboutDifferentVmsRunAtTheSameTime) {
    serve("probe");
    for (unsigned i = 0; i < 100; ++i) {
        begin_call("event", {}, {{"vm", vm_body({{"meet", {"100"}}}, "vm" + std::to_string(i), i)}});
    }
    for (std::uint64_t id = 1; id <= 100; ++id) {
        EXPECT_EQ(result_of(host.end_of(id)), "ok: ");
    }
}

TEST_F(Host, MoreCallsThanThreadsAreAllAnswered) {
    serve("probe");
    for (unsigned i = 0; i < 2000; ++i) {
        begin_call("event", {}, {{"vm", vm_body({{"alone", {}}}, "vm" + std::to_string(i), i)}});
    }
    for (std::uint64_t id = 1; id <= 2000; ++id) {
        EXPECT_EQ(result_of(host.end_of(id)), "ok: ");
    }
}

TEST_F(Host, TellsACallThatItIsCanceled) {
    serve("probe");
    auto const id = begin_call("prestart", {{"wait", {}}});
    auto const behind = begin_call("prestart", {{"tell", {}}});
    auto const waiting = host.wait_for({"log"});
    ASSERT_TRUE(waiting && text_of(waiting->body, "text") == "waiting");
    host.send({{"t", "cancel"}, {"id", behind}});
    host.send({{"t", "cancel"}, {"id", id}});
    host.send({{"t", "cancel"}, {"id", 4711}});
    EXPECT_EQ(result_of(host.end_of(id)), "ok: ");
    EXPECT_THAT(host.logged(), ElementsAre("called off, canceled 1"));
    // It was not even called, so nothing of it is to be undone.
    EXPECT_THAT(result_of(host.end_of(behind)), AllOf(StartsWith("veto: "), HasSubstr("before it began")));
}

TEST_F(Host, TellsACallThatItsTimeIsOver) {
    serve("probe");
    EXPECT_EQ(result_of(call("prestart", {{"wait", {}}}, {{"timeout", 50}})), "ok: ");
    EXPECT_THAT(host.logged(), ElementsAre("waiting", "called off, canceled 1"));
}

TEST_F(Host, TriesInitAgainWithTheNextCall) {
    std::ofstream{folder.path() + "/fail"};
    serve("probe");
    EXPECT_THAT(host.logged(), Contains(HasSubstr("init failed")));
    auto const first_call = [this](std::string const& what) {
        auto const id = begin_call(what, {});
        auto const ask = host.wait_for({"secret"});
        EXPECT_TRUE(ask);
        host.send({{"t", "secret"}, {"ask", ask->body["ask"]}, {"error", ENOENT}});
        return result_of(host.end_of(id));
    };
    EXPECT_THAT(first_call("prestart"), StartsWith("veto: its function init failed"));  // nothing is to be undone
    EXPECT_THAT(first_call("poststop"), StartsWith("failed: its function init failed"));
    std::filesystem::remove(folder.path() + "/fail");
    EXPECT_EQ(first_call("prestart"), "ok: ");
    EXPECT_EQ(result_of(call("prestart", {})), "ok: ");
}

TEST_F(Host, ShutsDownWhenItIsToldTo) {
    serve("probe");
    auto const id = begin_call("prestart", {{"wait", {}}});
    ASSERT_TRUE(host.wait_for({"log"}));
    host.send({{"t", "quit"}});
    host.send({{"t", "cancel"}, {"id", id}});
    EXPECT_TRUE(host.end_of(id));
    EXPECT_FALSE(host.wait_for({"nothing else"}));
    EXPECT_THAT(host.logged(), Contains("shutdown"));
    EXPECT_THAT(host.logged(), Contains("goodbye"));  // what it printed
    EXPECT_EQ(host.status(), 0);
}

TEST_F(Host, EndsWithTheChannel) {
    serve("probe");
    begin_call("prestart", {{"wait", {}}});
    ASSERT_TRUE(host.wait_for({"log"}));
    host.channel.reset();
    EXPECT_EQ(host.status(), 0);
}

TEST_F(Host, RefusesAnotherProtocol) {
    host.begin("serve", "probe", {{"protocol", 99}});
    auto const answer = host.wait_for({"failed"});
    ASSERT_TRUE(answer);
    EXPECT_THAT(text_of(answer->body, "text"), HasSubstr("install both from one package"));
}

TEST_F(Host, WaitsForTheLockOfTheEarlierOne) {
    serve("probe");
    HostProcess next;
    next.begin("serve", "probe", {{"state", folder.path()}});
    pollfd watched{next.channel.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&watched, 1, 100), 0);  // at most too patient
    host.kill();
    EXPECT_TRUE(next.wait_for({"secret"}));
}

}  // namespace
}  // namespace apiary::plugin
