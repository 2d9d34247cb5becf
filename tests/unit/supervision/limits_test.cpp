// Whether the host has enough left for another VM: the arithmetic, the words, and the step that asks.
#include "supervision/limits.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "supervision/limits_step.hpp"
#include "support/fake_loop.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::test {
namespace {

using supervision::LimitReading;
using supervision::LimitsStep;
using supervision::Need;
using supervision::Scarce;
using ::testing::HasSubstr;

auto descriptors(std::uint64_t used, std::uint64_t limit) -> LimitReading {
    return {.what = Scarce::descriptors, .used = used, .limit = limit, .name = "descriptors", .remedy = "raise it"};
}

TEST(Limits, FilesThatAreOpenedForAVmAreCountedAndVirtualProcessorsAreTasks) {
    Definition definition;
    auto const plain = supervision::need_of(definition);
    definition.cpus.cores = 8;
    definition.disks.emplace_back().path = {.path = "/root's", .trusted = true, .opened_as = 0};
    auto const roots = supervision::need_of(definition);
    EXPECT_EQ(roots.tasks, plain.tasks + 7);
    EXPECT_EQ(roots.descriptors, plain.descriptors);  // the hypervisor opens it
    EXPECT_EQ(roots.open_files, plain.open_files + 1);
    definition.disks.emplace_back().path = {.path = "/his", .trusted = false, .opened_as = 1000};
    EXPECT_EQ(supervision::need_of(definition).descriptors, plain.descriptors + 1);
}

TEST(Limits, TheReserveIsAPartOfASmallLimitOnly) {
    EXPECT_EQ(supervision::reserve_of(descriptors(0, 1'000'000)), 1024U);
    EXPECT_EQ(supervision::reserve_of(descriptors(0, 1024)), 256U);
    auto tasks = descriptors(0, 400);
    tasks.what = Scarce::tasks;
    EXPECT_EQ(supervision::reserve_of(tasks), 50U);
}

TEST(Limits, TheLastOneThatFitsFits) {
    Need const own{.descriptors = 7};
    EXPECT_EQ(supervision::shortage({descriptors(1024 - 256 - 7, 1024)}, own, {}), "");
    EXPECT_NE(supervision::shortage({descriptors(1024 - 256 - 6, 1024)}, own, {}), "");
    EXPECT_EQ(supervision::shortage({descriptors(1024 - 256 - 14, 1024)}, own, {.descriptors = 7}), "");
    EXPECT_NE(supervision::shortage({descriptors(1024 - 256 - 13, 1024)}, own, {.descriptors = 7}), "");
    // One that shrank below what is in use, and one that is absent.
    EXPECT_NE(supervision::shortage({descriptors(5000, 1024)}, own, {}), "");
    EXPECT_EQ(supervision::shortage({}, own, {}), "");
}

TEST(Limits, EachKindIsComparedWithItsOwnNeed) {
    auto tasks = descriptors(50, 100);
    tasks.what = Scarce::tasks;
    EXPECT_EQ(supervision::shortage({tasks}, {.descriptors = 1000, .open_files = 1000, .tasks = 38}, {}), "");
    EXPECT_NE(supervision::shortage({tasks}, {.descriptors = 0, .open_files = 0, .tasks = 39}, {}), "");
}

TEST(Limits, TheRefusalSaysWhichLimitItsValueAndWhatToDo) {
    auto const text = supervision::shortage({descriptors(800, 1024)}, {.descriptors = 7}, {.descriptors = 21});
    EXPECT_EQ(
        text,
        "800 of 1024 descriptors are in use, up to 21 are for other VMs that are starting, 256 are kept for stops "
        "and for clients, and one more VM needs up to 7: stop others, or raise it");
}

TEST(Limits, TheyAreReadOffThisHost) {
    auto const used = [] {
        auto const readings = supervision::read_limits();
        auto const found = std::ranges::find(readings, Scarce::descriptors, &LimitReading::what);
        return found == readings.end() ? std::optional<std::uint64_t>{} : found->used;
    };
    auto const before = used();
    ASSERT_TRUE(before);
    UniqueFd const more{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    EXPECT_EQ(used(), *before + 1);
    for (auto const& reading : supervision::read_limits()) {
        EXPECT_GT(reading.limit, 0U) << reading.name;
        EXPECT_LE(reading.used, reading.limit) << reading.name;
        EXPECT_FALSE(reading.remedy.empty()) << reading.name;
    }
}

class OneVm final : public Vm {
public:
    explicit OneVm(std::string name) { made_->name = std::move(name); }
    [[nodiscard]] auto name() const -> std::string const& override { return made_->name; }
    [[nodiscard]] auto id() const -> unsigned override { return 1; }
    [[nodiscard]] auto status() const -> VmStatus const& override { return status_; }
    [[nodiscard]] auto definition() const -> DefinitionPtr override { return made_; }
    [[nodiscard]] auto audience() const -> Audience const& override { return audience_; }
    void is(State state, SubState sub_state) {
        status_.state = state;
        status_.sub_state = sub_state;
    }

private:
    std::shared_ptr<Definition> made_ = std::make_shared<Definition>();
    VmStatus status_;
    Audience audience_;
};

class RoomForAStart : public ::testing::Test {
protected:
    auto answer() -> StepResult {
        std::optional<StepResult> result;
        step.prestart({.definition = mine->definition(), .run_dir = {}, .contributions = {}},
                      [&](StepResult got) { result = std::move(got); });
        EXPECT_FALSE(result) << "it answers within the call";
        loop.run_ready();
        EXPECT_TRUE(result);
        return result.value_or(StepResult{});
    }
    void tell(std::shared_ptr<OneVm> const& vm, State state, SubState sub_state, bool removed = false) {
        vm->is(state, sub_state);
        Turn turn;
        turn.vms.push_back({.vm = vm, .before = {}, .removed = removed, .audience_before = {}});
        step.on_turn(turn);
    }
    auto refuses() -> bool { return step.applies_to(*mine->definition()); }

    std::uint64_t used = 0;
    std::uint64_t const need = supervision::need_of({}).descriptors;
    FakeLoop loop;
    LimitsStep step{loop, [this] { return std::vector{descriptors(used, 1024)}; }};
    std::shared_ptr<OneVm> mine = std::make_shared<OneVm>("Mine"), other = std::make_shared<OneVm>("other");
};

TEST_F(RoomForAStart, IsNoneWhereThereIsRoom) {
    EXPECT_FALSE(refuses());
    used = 1024;
    EXPECT_TRUE(refuses());
}

TEST_F(RoomForAStart, RefusesForWantOfResourcesAndCleanly) {
    used = 1000;
    auto const result = answer();
    EXPECT_EQ(result.kind, StepResult::Kind::veto);
    EXPECT_EQ(result.reason, Reason::no_resources);
    EXPECT_THAT(result.text, HasSubstr("1000 of 1024 descriptors"));
}

TEST_F(RoomForAStart, LetsItPassIfThereIsRoomByThen) {
    EXPECT_EQ(answer().kind, StepResult::Kind::ok);
}

TEST_F(RoomForAStart, CountsThoseThatHaveNotTakenYetWhatTheyWill) {
    used = 1024 - 256 - need;
    EXPECT_FALSE(step.applies_to(*other->definition())) << "the last place is its own";
    EXPECT_TRUE(refuses());
    EXPECT_EQ(answer().kind, StepResult::Kind::veto);
    EXPECT_FALSE(step.applies_to(*other->definition())) << "it has it already";
    tell(other, State::starting, SubState::prestart);
    EXPECT_TRUE(refuses()) << "it is on its way";
    tell(other, State::starting, SubState::launching);
    EXPECT_FALSE(refuses()) << "what it has by now is in use";
    tell(mine, State::stopping, SubState::poststop);
    EXPECT_FALSE(step.applies_to(*other->definition())) << "a start that came to nothing";
    tell(other, State::starting, SubState::prestart, true);
    EXPECT_FALSE(refuses()) << "its definition is gone";
}

TEST_F(RoomForAStart, OfManyAtOnceAsManyPassAsThereIsRoomFor) {
    used = 1024 - 256 - 3 * need;
    std::vector<std::shared_ptr<OneVm>> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(std::make_shared<OneVm>("vm" + std::to_string(i)));
        tell(all.back(), State::starting, SubState::prestart);
    }
    auto const refused = std::ranges::count_if(all, [&](auto const& vm) { return step.applies_to(*vm->definition()); });
    EXPECT_EQ(refused, 2);
}

}  // namespace
}  // namespace apiary::test
