// Pages of VMs and jobs, for one caller.
#include "bus/listing.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bus/errors.hpp"
#include "bus/paths.hpp"
#include "fake_engine.hpp"

namespace apiary::bus {
namespace {

constexpr Audience alice_only{.owner = 1000, .group = {}, .visibility = Visibility::owner};
constexpr Audience bob_only{.owner = 2000, .group = {}, .visibility = Visibility::owner};
constexpr Audience open{.owner = 1000, .group = {}, .visibility = Visibility::all};

class Listing : public ::testing::Test {
protected:
    auto names(VmPage const& page) -> std::vector<std::string> {
        std::vector<std::string> all;
        for (auto const& vm : page.vms) {
            all.push_back(vm->name());
        }
        return all;
    }
    auto list(Caller const& caller, std::string const& after = "", std::size_t max = 100, OptionMap options = {})
        -> VmPage {
        return list_vms(engine, lookup, caller, after, max, read_vm_query(Options{std::move(options)}));
    }

    testing::FakeEngine engine;
    Authority authority{{}};
    Lookup lookup{engine, authority};
    Caller root{0, {}}, alice{1000, {}}, bob{2000, {}};
};

using Names = std::vector<std::string>;

TEST_F(Listing, showsWhatTheCallerSees) {
    engine.add("a1", alice_only);
    engine.add("B1", bob_only);
    engine.add("c", open);
    EXPECT_EQ(names(list(root)), (Names{"a1", "B1", "c"}));
    EXPECT_EQ(names(list(alice)), (Names{"a1", "c"}));
    EXPECT_EQ(names(list(bob)), (Names{"B1", "c"}));
}

TEST_F(Listing, pagesWithoutGapsOrRepeats) {
    for (int number = 0; number < 1000; ++number) {
        engine.add("vm" + std::to_string(number), number % 3 == 0 ? alice_only : bob_only);
    }
    Names all;
    for (std::string after;;) {
        auto const page = list(bob, after, 7);
        for (auto const& name : names(page)) {
            all.push_back(name);
        }
        if (!page.more) {
            break;
        }
        ASSERT_EQ(page.vms.size(), 7U);
        after = page.vms.back()->name();
    }
    EXPECT_EQ(all, names(list(bob, "", 10'000)));
    EXPECT_EQ(all.size(), 666U);
}

TEST_F(Listing, aHiddenVmAfterThePageIsNotMore) {
    engine.add("a", bob_only);
    engine.add("b", alice_only);
    EXPECT_FALSE(list(bob, "", 1).more);
}

TEST_F(Listing, filters) {
    engine.add("a", open).status_.state = State::running;
    engine.add("b", open);
    EXPECT_EQ(names(list(alice, "", 9, {{"state", Value{std::string{"running"}}}})), (Names{"a"}));
    EXPECT_EQ(names(list(alice, "", 9, {{"vm", Value{Texts{"B", "nope"}}}})), (Names{"b"}));
    EXPECT_THROW((void)list(alice, "", 9, {{"state", Value{std::string{"asleep"}}}}), Fault);
    EXPECT_THROW((void)list(alice, "", 9, {{"states", Value{std::string{"running"}}}}), Fault);
    EXPECT_THROW((void)list(alice, "", 9, {{"fields", Value{Texts{"Password"}}}}), Fault);
    EXPECT_THROW((void)list(alice, "", 9, {{"vm", std::nullopt}}), Fault);
}

TEST_F(Listing, givesEachWantedFieldOnce) {
    auto const& vm = engine.add("a", open);
    auto const query = read_vm_query(Options{{{"fields", Value{Texts{"Memory", "Owner", "Memory"}}}}});
    auto const fields = wanted_fields(vm, query);
    ASSERT_EQ(fields.size(), 2U);
    EXPECT_EQ(fields[0].key, "Memory");
    EXPECT_EQ(fields[1].value, Value{std::uint32_t{1000}});
}

TEST_F(Listing, pagesAreBounded) {
    EXPECT_EQ(page_size(0), 1000U);
    EXPECT_EQ(page_size(5), 5U);
    EXPECT_THROW((void)page_size(1001), Fault);
}

TEST_F(Listing, jobsFollowTheirVm) {
    engine.add("a", alice_only);
    engine.add("b", bob_only);
    engine.command(Command::start, "a", {}, 0, [](auto const&) {});
    engine.command(Command::start, "b", {}, 0, [](auto const&) {});
    engine.close_turn();
    auto const seen = [&](Caller const& caller, OptionMap options = {}) {
        return list_jobs(engine, lookup, caller, 0, 100, read_job_query(Options{std::move(options)})).jobs.size();
    };
    EXPECT_EQ(seen(root), 2U);
    EXPECT_EQ(seen(alice), 1U);
    EXPECT_EQ(seen(root, {{"running", Value{true}}}), 0U);
    EXPECT_EQ(seen(root, {{"running", Value{false}}, {"vm", Value{std::string{"A"}}}}), 1U);
    EXPECT_TRUE(list_jobs(engine, lookup, root, 0, 1, {}).more);
}

TEST_F(Listing, lookupByPathNeedsTheOnePath) {
    engine.add("Web", alice_only);
    EXPECT_NE(lookup.vm_at(vm_path("Web"), alice), nullptr);
    EXPECT_EQ(lookup.vm_at(vm_path("web"), alice), nullptr);
    EXPECT_EQ(lookup.vm_at(vm_path("Web"), bob), nullptr);
    EXPECT_NE(lookup.vm_named("web", alice), nullptr);
    EXPECT_EQ(lookup.vm_named("web", bob), nullptr);
}

}  // namespace
}  // namespace apiary::bus
