// What a plugin contributes: what holds of it, and what becomes of its descriptors.
#include <poll.h>

#include <array>

#include "plugin_fixture.hpp"

namespace apiary::plugin::test {
namespace {

class PluginContributions : public PluginFixture {};

TEST_F(PluginContributions, WhatIsNotRenewedHoldsButForDescriptors) {
    declaration.has.renew = true;
    take();
    auto call = call_of(1);
    call.contributions = {{.kind = "note", .id = "disk0", .value = "vg0/web", .fd = nullptr},
                          {.kind = "note", .id = "path", .value = "old", .fd = nullptr},
                          {.kind = "tap", .id = "nic0", .value = "tap9", .fd = nullptr},
                          {.kind = "skip", .id = "iso0", .value = "", .fd = nullptr},
                          {.kind = "fd", .id = "disk0", .value = "", .fd = nullptr},
                          {.kind = "fd", .id = "disk1", .value = "", .fd = nullptr}};
    std::optional<StepResult> result;
    step->renew(call, [&result](StepResult made) { result = std::move(made); });
    run();
    answer("renew", "ok",
           Json::array({Json::array({"file", "disk0", "/dev/new"}), Json::array({"file", "iso0", "/iso"}),
                        Json::array({"note", "path", "new"})}));
    ASSERT_TRUE(result);
    Words words;
    for (auto const& one : result->contributions) {
        words.push_back(one.kind + " " + one.id + " " + one.value);
    }
    EXPECT_EQ(words,
              (Words{"file disk0 /dev/new", "file iso0 /iso", "note path new", "note disk0 vg0/web", "tap nic0 tap9"}));
}

// At a reboot of the guest nothing is gone, and what is to be renewed may be something else.
TEST_F(PluginContributions, DescriptorsThatAreStillOpenHoldToo) {
    declaration.has.renew = true;
    take();
    auto call = call_of(1);
    auto const disk = std::make_shared<UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    call.contributions = {{.kind = "fd", .id = "disk0", .value = "", .fd = disk},
                          {.kind = "fd", .id = "disk1", .value = "", .fd = disk}};
    std::optional<StepResult> result;
    step->renew(call, [&result](StepResult made) { result = std::move(made); });
    run();
    answer("renew", "ok", Json::array({Json::array({"file", "disk1", "/dev/new"})}));
    ASSERT_TRUE(result);
    ASSERT_EQ(result->contributions.size(), 2U);
    EXPECT_EQ(result->contributions[0].id, "disk1");
    EXPECT_EQ(result->contributions[1].id, "disk0");
    EXPECT_EQ(result->contributions[1].fd, disk);
}

// Descriptors that nobody takes are closed on the pool: to close one that the plugin has made can block.
class PluginDescriptors : public PluginFixture {
protected:
    // One end of a pipe goes along with the frame, by the other one it is seen whether it is closed.
    void say_with_descriptor(Json frame) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        seen.reset(ends[0]);
        std::vector<UniqueFd> descriptors;
        descriptors.emplace_back(ends[1]);
        OutgoingFrame out{std::move(frame), std::move(descriptors)};
        ASSERT_EQ(send_some(host().channel.get(), out, false), Sent::all);
    }
    auto closed() -> bool {
        pollfd watched{seen.get(), POLLIN, 0};
        return ::poll(&watched, 1, 0) == 1 && (watched.revents & POLLHUP) != 0;
    }
    void expect_closed_on_the_pool() {
        loop.hold_work = true;
        run();
        EXPECT_FALSE(closed());
        loop.hold_work = false;
        run();
        EXPECT_TRUE(closed());
    }
    auto end_frame(std::string_view what, std::string_view result = "ok") -> Json {
        auto const call = std::ranges::find_if(host().heard, [what](Json const& one) { return one["what"] == what; });
        return {{"t", "end"},
                {"id", (*call)["id"]},
                {"result", result},
                {"contributions", Json::array({Json::array({"fd", "disk0", "0"})})}};
    }
    UniqueFd seen;
};

TEST_F(PluginDescriptors, OfAFrameThatHasNoneToGive) {
    take();
    (void)prestart(1);
    say_with_descriptor({{"t", "log"}, {"level", 2}, {"text", "see this"}});
    expect_closed_on_the_pool();
    say_with_descriptor({{"t", "end"}, {"id", 4711}, {"result", "ok"}});
    expect_closed_on_the_pool();
}

TEST_F(PluginDescriptors, OfACallThatMayNotContribute) {
    take();
    PluginEvents events{[this](auto const& visit) { visit(*plugin); }, [](std::string_view) { return nullptr; },
                        world.log_path};
    Turn turn;
    turn.events.push_back({.seq = 1, .vm = "vm", .type = EventType::state});
    events.on_turn(turn);
    run();
    say_with_descriptor(end_frame("event"));
    expect_closed_on_the_pool();
}

TEST_F(PluginDescriptors, OfAStartThatIsVetoedOrCalledOff) {
    take();
    auto const vetoed = prestart(1);
    say_with_descriptor(end_frame("prestart", "veto"));
    expect_closed_on_the_pool();
    EXPECT_EQ((*vetoed)->kind, StepResult::Kind::veto);
    host().heard.clear();
    auto const begun = prestart(2);
    step->cancel(2);
    say_with_descriptor(end_frame("prestart"));
    expect_closed_on_the_pool();
}

TEST_F(PluginDescriptors, OfAChannelThatHasEnded) {
    take();
    (void)prestart(1);
    say_with_descriptor({{"t", "log"}, {"padding", "x"}});
    std::array<char, 8> const nonsense{};
    ASSERT_EQ(::write(host().channel.get(), nonsense.data(), nonsense.size()), 8);
    expect_closed_on_the_pool();
    EXPECT_TRUE(host().killed);
}

// The log of a VM is held for what its undo prints, and no longer.
class PluginLogs : public PluginFixture {
protected:
    auto begin(std::uint64_t attempt, std::string const& vm = "vm") -> std::weak_ptr<UniqueFd> {
        auto call = call_of(attempt, vm);
        auto const log = std::make_shared<UniqueFd>(::open("/dev/null", O_WRONLY | O_CLOEXEC));
        call.contributions = {{.kind = "fd", .id = "log", .value = {}, .fd = log}};
        step->prestart(std::move(call), [](StepResult const&) {});
        run();
        return log;
    }
};

TEST_F(PluginLogs, AreHeldUntilTheVmIsUndone) {
    take();
    auto const log = begin(1);
    answer("prestart");
    EXPECT_FALSE(log.expired());
    (void)poststop(1);
    answer("poststop");
    EXPECT_TRUE(log.expired());
}

TEST_F(PluginLogs, AreNotHeldWhereNothingIsToBeUndone) {
    take();
    auto const vetoed = begin(1);
    answer("prestart", "veto");
    EXPECT_TRUE(vetoed.expired());
    declaration.has.poststop = false;
    take(2);
    end(host(), 0);
    run();
    auto const log = begin(2, "other");
    loop.advance(seconds{1});
    run();
    answer("prestart");
    EXPECT_TRUE(log.expired());
}

TEST_F(PluginLogs, AreNotHeldWhenTheUndoWasGivenUp) {
    take();
    auto const log = begin(1);
    answer("prestart");
    (void)poststop(1);
    answer("poststop", "failed");
    EXPECT_FALSE(log.expired()) << "it is tried again";
    auto const next = begin(2);  // so somebody has given it up
    EXPECT_TRUE(log.expired());
    EXPECT_FALSE(next.expired());
}

TEST_F(PluginDescriptors, WhatIsTakenStaysOpen) {
    take();
    auto begun = prestart(1);
    say_with_descriptor(end_frame("prestart"));
    run();
    ASSERT_TRUE(*begun);
    ASSERT_EQ((*begun)->contributions.size(), 1U);
    EXPECT_TRUE((*begun)->contributions[0].fd && *(*begun)->contributions[0].fd);
    EXPECT_FALSE(closed());
    begun->reset();
    EXPECT_TRUE(closed()) << "nobody else has it";
}

}  // namespace
}  // namespace apiary::plugin::test
