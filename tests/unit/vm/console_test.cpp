// The way to a console: one answer for each request, whatever the guest and its shim do.
#include "engine_fixture.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace apiary::test {
namespace {

class Console : public EngineFixture {
protected:
    using Got = std::optional<Outcome<std::shared_ptr<UniqueFd>>>;
    void SetUp() override {
        define({{.name = "vm"}});
        start();
    }
    auto open(ConsoleMode mode = ConsoleMode::read_write) -> std::shared_ptr<Got> {
        auto got = std::make_shared<Got>();
        engine->open_console("vm", mode, false, 1000, [got](Outcome<std::shared_ptr<UniqueFd>> outcome) {
            EXPECT_FALSE(got->has_value());
            *got = std::move(outcome);
        });
        loop.run_ready();
        return got;
    }
    void answer(ConsoleResult result) {
        auto const waiting = std::exchange(hypervisor.last().consoles, {});
        for (auto const& done : waiting) {
            done(result);
        }
        loop.run_ready();
    }
    static auto refusal(std::shared_ptr<Got> const& got) -> Refusal {
        auto const* const refused = got->has_value() ? std::get_if<Refusal>(&**got) : nullptr;
        return refused != nullptr ? *refused : Refusal{Refusal::Kind::config_invalid, "none"};
    }
};

TEST_F(Console, IsHandedOver) {
    auto const got = open();
    EXPECT_FALSE(got->has_value());
    answer(ConsoleResult::attached);
    ASSERT_TRUE(got->has_value());
    auto const& fd = std::get<std::shared_ptr<UniqueFd>>(**got);
    ASSERT_TRUE(fd && *fd);
    EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
    auto const told = observer.of_type(EventType::console);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].details.at("mode"), "read-write");
    EXPECT_EQ(told[0].details.at("uid"), "1000");
}

TEST_F(Console, Refusals) {
    struct Case {
        ConsoleResult result;
        Refusal::Kind kind;
    };
    for (auto const& [result, kind] : {Case{ConsoleResult::busy, Refusal::Kind::console_busy},
                                       Case{ConsoleResult::no_console, Refusal::Kind::no_console},
                                       Case{ConsoleResult::gone, Refusal::Kind::no_console}}) {
        auto const got = open(ConsoleMode::read);
        answer(result);
        EXPECT_EQ(refusal(got).kind, kind);
    }
    EXPECT_TRUE(observer.of_type(EventType::console).empty());
}

TEST_F(Console, WhereNothingRuns) {
    come_to_rest();
    EXPECT_EQ(refusal(open()).kind, Refusal::Kind::no_console);
    define({});
    EXPECT_EQ(refusal(open()).kind, Refusal::Kind::no_such_vm);
}

TEST_F(Console, TheGuestEndsMeanwhile) {
    auto const got = open();
    hypervisor.last().exited(Reason::guest_poweroff);
    loop.run_ready();
    EXPECT_EQ(refusal(got).kind, Refusal::Kind::no_console);
}

TEST_F(Console, AShimThatIsStoppedIsNotWaitedForForEver) {
    auto const got = open();
    loop.advance(seconds{10});
    EXPECT_EQ(refusal(got).kind, Refusal::Kind::failed);
    answer(ConsoleResult::attached);  // too late
    EXPECT_TRUE(observer.of_type(EventType::console).empty());
}

TEST_F(Console, NobodyPilesUpRequests) {
    std::vector<std::shared_ptr<Got>> all;
    for (std::size_t i = 0; i < max_console_calls + 1; ++i) {
        all.push_back(open());
    }
    EXPECT_FALSE(all.front()->has_value());
    EXPECT_EQ(refusal(all.back()).kind, Refusal::Kind::failed);
}

TEST_F(Console, TheEngineMayGoFirst) {
    auto const got = open();
    engine.reset();
    loop.run_ready();
    EXPECT_FALSE(got->has_value());
}

}  // namespace
}  // namespace apiary::test
