// Deliberately bad plugins in a real host: each costs its call, or its process, and says what it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "unit/plugin/host_fixture.hpp"

namespace apiary::plugin {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

struct BadPlugin : HostFixture {
    // "failed TEXT" or "nothing", with the process's end.
    auto not_loaded(std::string const& mode, std::string const& name) -> std::string {
        HostProcess one;
        one.begin(mode, name);
        auto const frame = one.wait_for({"plugin", "failed"});
        EXPECT_FALSE(one.wait_for({"plugin"}));  // the end
        int const status = one.status();
        if (!frame) {
            return WIFSIGNALED(status) ? "killed by " + std::to_string(WTERMSIG(status)) : "nothing";
        }
        return std::string{type_of(*frame)} + ": " + text_of(frame->body, "text");
    }
    static auto bad_in(std::string const& name, std::string const& where) -> Settings {
        std::string key = "bad_" + name;
        for (char& c : key) {
            c = c == '-' ? '_' : c;
        }
        return {{key, {where}}};
    }
    // The process's end after such a call, which is not answered.
    auto dies(std::string const& name, std::string const& what = "prestart") -> int {
        serve(name);
        auto const end = call(what, bad_in(name, what));
        EXPECT_FALSE(end) << result_of(end);
        return host.status();
    }
    auto says_that_it_is_spent() -> bool {
        auto const passed = std::exchange(host.passed, {});
        return std::any_of(passed.begin(), passed.end(), [](Frame const& one) {
            return type_of(one) == "spent" && text_of(one.body, "text").find("descriptors") != std::string::npos;
        });
    }
    // The answer to such a call, after which the next one is answered well.
    auto fails(std::string const& name, std::string const& what = "prestart", Json more = Json::object())
        -> std::optional<Frame> {
        serve(name);
        auto end = call(what, bad_in(name, what), std::move(more));
        EXPECT_EQ(result_of(call("prestart", {})), "ok: ");
        return end;
    }
};

TEST_F(BadPlugin, WrongAbi) {
    for (auto const* const mode : {"serve", "describe", "configure"}) {
        EXPECT_THAT(not_loaded(mode, "wrong-abi"),
                    HasSubstr("failed: it was built for version 7 of the plugins' interface"));
    }
}

TEST_F(BadPlugin, MissingSymbol) {
    auto const told = not_loaded("describe", "missing-symbol");
    EXPECT_THAT(told, HasSubstr("missing-symbol.so: undefined symbol: apiary_test_nowhere_to_be_found"));
    EXPECT_THAT(told, Not(HasSubstr("/fd/")));
    EXPECT_THAT(not_loaded("serve", "missing-symbol"), HasSubstr("undefined symbol"));
}

TEST_F(BadPlugin, NoEntry) {
    EXPECT_THAT(not_loaded("serve", "no-entry"), HasSubstr("it does not export apiary_plugin_entry"));
}

TEST_F(BadPlugin, Unwilling) {
    EXPECT_THAT(not_loaded("serve", "unwilling"), HasSubstr("it cannot work with Apiary"));
}

TEST_F(BadPlugin, ShortSize) {
    EXPECT_THAT(not_loaded("describe", "short-size"), HasSubstr("set its size to sizeof(struct apiary_plugin)"));
}

TEST_F(BadPlugin, CrashAtLoad) {
    for (auto const* const mode : {"serve", "describe", "configure"}) {
        EXPECT_EQ(not_loaded(mode, "crash-at-load"), "killed by 11");
    }
}

TEST_F(BadPlugin, Nonsense) {
    host.begin("describe", "nonsense");
    auto const frame = host.wait_for({"plugin"});
    ASSERT_TRUE(frame);
    auto const faults = judge(declaration_from(frame->body), "nonsense.so");
    EXPECT_THAT(faults, Contains(HasSubstr("its name is \"Nonsense\"")));
    EXPECT_THAT(faults, Contains(HasSubstr("its version is not one line")));
    EXPECT_THAT(faults, Contains(HasSubstr("\"Upper Case\" is no name of a key")));
    EXPECT_THAT(faults, Contains(HasSubstr("the key twice is declared twice")));
    EXPECT_THAT(faults, Contains(HasSubstr("\"many\", is no value")));
    EXPECT_THAT(faults, Contains(HasSubstr("does not say why")));
    EXPECT_THAT(faults, Contains(HasSubstr("has 0 words")));
    EXPECT_THAT(faults, Contains(HasSubstr("not one line")));
    EXPECT_THAT(faults, Contains(HasSubstr("before itself")));
    EXPECT_THAT(faults, Contains(HasSubstr("no user to run as")));
    EXPECT_THAT(faults, Contains(HasSubstr("has no function event")));
    EXPECT_THAT(faults, Contains(HasSubstr("the timeout of prestart")));
}

TEST_F(BadPlugin, Crash) {
    int const status = dies("crash");
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status;
    EXPECT_THAT(host.logged(), Contains("I am about to crash"));  // its last words
}

TEST_F(BadPlugin, CrashInEachFunction) {
    for (auto const* const what : {"poststop", "renew", "event"}) {
        HostFixture::host.~HostProcess();
        new (&host) HostProcess;
        EXPECT_TRUE(WIFSIGNALED(dies("crash", what))) << what;
    }
}

TEST_F(BadPlugin, Abort) {
    int const status = dies("abort");
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
    EXPECT_THAT(host.logged(), Contains("a check failed: 1 == 2"));
}

TEST_F(BadPlugin, Exit) {
    int const status = dies("exit");
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 71) << status;
    EXPECT_THAT(host.logged(), Contains(HasSubstr("called exit()")));
}

TEST_F(BadPlugin, ForkWithoutExecution) {
    // What it leaves behind holds neither the channel nor the lock: this test would not end, or the next process not
    // begin.
    EXPECT_TRUE(WIFSIGNALED(dies("fork")));
    HostProcess next;
    next.begin("serve", "fork", {{"state", folder.path()}});
    EXPECT_TRUE(next.wait_for({"plugin"}));
}

TEST_F(BadPlugin, CloseOfAllDescriptors) {
    int const status = dies("close");
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 70) << status;
    EXPECT_EQ(host.reader.fault(), "");
}

TEST_F(BadPlugin, GarbageToAllDescriptors) {
    serve("garbage");
    auto const end = call("prestart", bad_in("garbage", "prestart"));
    EXPECT_FALSE(end);
    EXPECT_THAT(host.reader.fault(), HasSubstr("a frame says that it has"));
    host.channel.reset();  // what the daemon does then
    EXPECT_EQ(host.status(), 0);
}

TEST_F(BadPlugin, Throw) {
    auto const end = fails("throw");
    EXPECT_EQ(result_of(end), "failed: an exception left its function prestart: nobody catches this");
    EXPECT_TRUE(flag_of(end->body, "broken"));
}

TEST_F(BadPlugin, ThrowOfWhatIsNoException) {
    EXPECT_THAT(result_of(fails("throw-int", "event")), HasSubstr("of a type that nobody knows"));
}

TEST_F(BadPlugin, EndOfTheThread) {
    auto const end = fails("pthread-exit");
    EXPECT_EQ(result_of(end), "failed: its function prestart ended the thread that it was called on");
    EXPECT_TRUE(flag_of(end->body, "broken"));
}

TEST_F(BadPlugin, LeakOfDescriptors) {
    serve("leak");
    EXPECT_EQ(result_of(call("prestart", {})), "ok: ");
    EXPECT_FALSE(says_that_it_is_spent());
    auto const leaks = bad_in("leak", "prestart");
    EXPECT_EQ(result_of(call("prestart", leaks)), "ok: ");  // it has noticed nothing
    EXPECT_TRUE(says_that_it_is_spent());                   // before that answer: no more calls come
    EXPECT_EQ(result_of(call("prestart", {})), "ok: ");
    EXPECT_FALSE(says_that_it_is_spent());  // once is enough
    EXPECT_THAT(result_of(call("prestart", leaks)), HasSubstr("failed: /bin/true cannot be run: Too many open files"));
    host.send({{"t", "quit"}});
    EXPECT_EQ(host.status(), 0);
}

TEST_F(BadPlugin, Slow) {
    EXPECT_EQ(result_of(fails("slow", "prestart", {{"timeout", 50}})), "ok: ");
}

TEST_F(BadPlugin, HangHoldsUpItsOwnVmAlone) {
    serve("hang");
    auto const id = begin_call("prestart", bad_in("hang", "prestart"), {{"timeout", 50}});
    auto const behind = begin_call("poststop", {});
    EXPECT_EQ(result_of(call("prestart", {}, {{"vm", vm_body({}, "other", 8)}})), "ok: ");
    host.send({{"t", "cancel"}, {"id", id}});
    EXPECT_EQ(result_of(call("prestart", {}, {{"vm", vm_body({}, "third", 9)}})), "ok: ");
    static_cast<void>(behind);
    host.channel.reset();
    EXPECT_EQ(host.status(), 0);  // it does not wait for ever
}

TEST_F(BadPlugin, HugeTexts) {
    EXPECT_THAT(result_of(fails("huge")), HasSubstr("failed: a contribution's value has at most 4096 bytes"));
    for (auto const& frame : host.passed) {
        EXPECT_LT(frame.body.dump().size(), 20'000U);
    }
}

TEST_F(BadPlugin, ManyTexts) {
    auto const before = std::chrono::steady_clock::now();
    auto const end = fails("flood");
    auto const took = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - before).count();
    EXPECT_THAT(result_of(end), HasSubstr("failed: "));
    EXPECT_THAT(*triples_of(end->body, "contributions"), SizeIs(256));
    // Of 20,000: as many as pass at once, and as many as each second brings.
    EXPECT_LE(host.logged().size(), 5000U + 200U * static_cast<unsigned>(took + 1) + 1U);
    EXPECT_GE(host.logged().size(), 5000U);
}

TEST_F(BadPlugin, FloodInConfigure) {
    host.begin("configure", "flood");
    ASSERT_TRUE(host.wait_for({"plugin"}));
    host.send({{"t", "check"}, {"id", 1}, {"vm", vm_body(bad_in("flood", "configure"))}});
    auto const answer = host.wait_for({"checked"});
    ASSERT_TRUE(answer);
    EXPECT_LT(answer->body.dump().size(), 500'000U);
    EXPECT_FALSE(flag_of(answer->body, "ok"));
}

TEST_F(BadPlugin, DeedsInConfigureEndThatProcess) {
    for (auto const* const name : {"crash", "abort", "exit", "close", "garbage", "pthread-exit"}) {
        HostProcess one;
        one.begin("configure", name);
        ASSERT_TRUE(one.wait_for({"plugin"})) << name;
        one.send({{"t", "check"}, {"id", 1}, {"vm", vm_body(bad_in(name, "configure"))}});
        EXPECT_FALSE(one.wait_for({"checked"})) << name;
        one.channel.reset();
        one.status();
    }
    HostProcess one;
    one.begin("configure", "throw");
    ASSERT_TRUE(one.wait_for({"plugin"}));
    one.send({{"t", "check"}, {"id", 1}, {"vm", vm_body(bad_in("throw", "configure"))}});
    auto const answer = one.wait_for({"checked"});
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->body.dump(), HasSubstr("an exception left its function configure: nobody catches this"));
}

}  // namespace
}  // namespace apiary::plugin
