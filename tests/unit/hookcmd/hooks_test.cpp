// Which hooks the changes of a VM's state call for.
#include "hookcmd/hooks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace apiary::hookcmd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

struct Hooks : testing::Test {
    // "state/sub-state" of the VM now, and before.
    auto to(std::string const& now, std::string const& reason = "none") -> Words {
        auto const split = [](std::string const& where) {
            auto const slash = where.find('/');
            return std::pair{where.substr(0, slash), slash == std::string::npos ? "" : where.substr(slash + 1)};
        };
        auto const [state, sub_state] = split(now);
        auto const [old_state, old_sub_state] = split(before);
        before = now;
        Words words;
        for (auto const& hook : hooks_of({state, sub_state, old_state, old_sub_state, reason}, life)) {
            words.push_back((hook.kind == Hook::Kind::command ? "hookcmd " : "") + std::string{hook.name});
        }
        return words;
    }
    void start() {
        EXPECT_THAT(to("starting/queued"), IsEmpty());
        EXPECT_THAT(to("starting/prestart"), IsEmpty());
        life.known = life.entered = true;  // the prestart went well
        EXPECT_THAT(to("starting/launching"), IsEmpty());
        EXPECT_THAT(to("running"), ElementsAre("running", "hookcmd RUN"));
    }

    Life life;
    std::string before = "stopped";
};

TEST_F(Hooks, OfALife) {
    start();
    EXPECT_THAT(to("stopping/acpi", "requested"), ElementsAre("stopping"));
    EXPECT_THAT(to("stopping/killing", "stop-timeout"), IsEmpty());
    EXPECT_THAT(to("stopping/poststop", "requested"), IsEmpty());
    EXPECT_THAT(to("stopped", "requested"), ElementsAre("stopped", "hookcmd TERMINATE"));
}

TEST_F(Hooks, AGuestThatPowersOffIsNotStopping) {
    start();
    EXPECT_THAT(to("stopping/killing", "guest-poweroff"), IsEmpty());
    EXPECT_THAT(to("stopping/poststop", "guest-poweroff"), IsEmpty());
    EXPECT_THAT(to("stopped", "guest-poweroff"), ElementsAre("stopped", "hookcmd TERMINATE"));
}

TEST_F(Hooks, APoweroffIs) {
    start();
    EXPECT_THAT(to("paused"), IsEmpty());
    EXPECT_THAT(to("stopping/killing", "requested"), ElementsAre("stopping"));
}

TEST_F(Hooks, ACrashFails) {
    start();
    EXPECT_THAT(to("stopping/poststop", "killed"), IsEmpty());
    EXPECT_THAT(to("failed", "killed"), ElementsAre("stopped", "failed", "hookcmd TERMINATE"));
    life = {};
    EXPECT_THAT(to("stopped"), IsEmpty()) << "failreset";
}

TEST_F(Hooks, AStopScriptThatFailedFails) {
    start();
    EXPECT_THAT(to("stopping/poststop", "guest-halt"), IsEmpty());
    life.undo_fault = true;
    EXPECT_THAT(to("stopped", "guest-halt"), ElementsAre("stopped", "failed", "hookcmd TERMINATE"));
}

TEST_F(Hooks, WithALoader) {
    EXPECT_THAT(to("starting/prestart"), IsEmpty());
    EXPECT_THAT(to("starting/loading"), ElementsAre("hookcmd LOAD"));
    EXPECT_THAT(to("starting/launching"), IsEmpty());
    EXPECT_THAT(to("running"), ElementsAre("running", "hookcmd RUN"));
}

TEST_F(Hooks, OfAReboot) {
    start();
    life.rebooting = true;
    EXPECT_THAT(to("running/rebooting"), IsEmpty());
    EXPECT_THAT(to("running"), ElementsAre("restarted", "running", "hookcmd RUN"));
    EXPECT_THAT(to("running/io-error"), IsEmpty());
    EXPECT_THAT(to("running"), IsEmpty());
}

TEST_F(Hooks, ARebootIsSeenWithoutMemoryToo) {
    before = "running/rebooting";
    EXPECT_THAT(to("running"), ElementsAre("restarted", "running", "hookcmd RUN"));
}

TEST_F(Hooks, APauseIsNoStart) {
    start();
    EXPECT_THAT(to("paused"), IsEmpty());
    EXPECT_THAT(to("running"), IsEmpty());
    EXPECT_THAT(to("stopping/acpi", "requested"), ElementsAre("stopping"));
    EXPECT_THAT(to("running"), IsEmpty()) << "the stop was canceled";
}

TEST_F(Hooks, AStartThatCameToNothing) {
    EXPECT_THAT(to("starting/prestart"), IsEmpty());
    EXPECT_THAT(to("stopping/poststop", "veto"), IsEmpty());
    EXPECT_THAT(to("failed", "veto"), IsEmpty()) << "we had no part in it";
    life = {};
    before = "stopped";
    EXPECT_THAT(to("starting/prestart"), IsEmpty());
    life.entered = true;
    EXPECT_THAT(to("stopping/poststop", "step-failed"), IsEmpty());
    EXPECT_THAT(to("failed", "step-failed"), ElementsAre("stopped", "failed")) << "there was no hypervisor";
    life = {};
    before = "starting/queued";
    EXPECT_THAT(to("stopped", "requested"), IsEmpty());
}

TEST_F(Hooks, WhatIsNotKnownIsTakenForBegun) {
    before = "stopping/poststop";
    EXPECT_THAT(to("failed", "killed"), ElementsAre("stopped", "failed", "hookcmd TERMINATE"));
    before = "stopping/poststop";
    EXPECT_THAT(to("failed/undo-pending", "killed"), ElementsAre("stopped", "failed", "hookcmd TERMINATE"));
    EXPECT_THAT(to("failed", "killed"), IsEmpty()) << "only once";
}

}  // namespace
}  // namespace apiary::hookcmd
