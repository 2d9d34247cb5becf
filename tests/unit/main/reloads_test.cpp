// Whoever has the answer to a reload finds it done, and written down.
#include "main/reloads.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "support/fake_loop.hpp"
#include "support/fake_supervisor.hpp"
#include "support/moody_journal.hpp"
#include "support/scripted_hypervisor.hpp"
#include "support/temporary_folder.hpp"
#include "vm/engine_core.hpp"

namespace apiary {
namespace {

class ReloadsTest : public ::testing::Test {
protected:
    ReloadsTest() {
        options_.configs = {folder_.path() + "/vms.conf"};
        options_.trusted_uid = ::geteuid();
        std::ofstream{options_.configs[0]} << "vm web { memory = 64M; loader = uefi; }\n";
    }

    test::TemporaryFolder folder_;
    Options options_;
    test::FakeLoop loop_;
    test::MoodyJournal journal_;
    Identities identities_;
    test::FakeSupervisor supervisor_{loop_};
    test::ScriptedHypervisor hypervisor_{loop_};
    EngineCore engine_{EngineParts{.loop = loop_,
                                   .journal = journal_,
                                   .supervisor = supervisor_,
                                   .identities = identities_,
                                   .hypervisors = {&hypervisor_},
                                   .steps = {},
                                   .run_root = "/run"}};
};

TEST_F(ReloadsTest, AreAnsweredWhenTheyAreWrittenDown) {
    Configuration const configuration{options_, identities_, {}, BackendKind::qemu};
    Reloads reloads{loop_, configuration, engine_};
    journal_.is_ready = false;
    std::optional<Outcome<bus::ReloadReport>> answer;
    reloads.request(false, [&](Outcome<bus::ReloadReport> outcome) { answer = std::move(outcome); });
    loop_.run_ready();
    ASSERT_EQ(engine_.count(), 1U);
    ASSERT_GT(journal_.last(), 0U);
    EXPECT_FALSE(answer.has_value());
    journal_.become_ready();
    loop_.run_ready();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(journal_.committed, journal_.last());
    auto const* const report = std::get_if<bus::ReloadReport>(&*answer);
    ASSERT_NE(report, nullptr) << std::get<Refusal>(*answer).text;
    EXPECT_EQ(report->added, (std::vector<std::string>{"web"}));
}

TEST_F(ReloadsTest, KeysThatCameAreReadForWhereTheyWereMissed) {
    Configuration const configuration{options_, identities_, {}, BackendKind::qemu};
    Reloads reloads{loop_, configuration, engine_};
    std::size_t taken = 0;
    reloads.when_taken([&taken] { ++taken; });
    std::ofstream{options_.configs[0]} << "vm web { memory = 64M; loader = uefi; colour_of_the_marker = red; }\n";
    reloads.apply_first(configuration.load());
    EXPECT_EQ(taken, 0U) << "nobody knows this key yet";
    std::ofstream{options_.configs[0]} << "vm web { memory = 64M; loader = uefi; }\n";  // as if it were known
    reloads.keys_changed({"marker"});
    loop_.run_ready();
    EXPECT_EQ(taken, 1U);
    EXPECT_EQ(reloads.last().diagnostics, std::vector<std::string>{});
    reloads.keys_changed({"marker"});
    loop_.run_ready();
    EXPECT_EQ(taken, 1U) << "nothing was missing: files that somebody is changing are left alone";
}

}  // namespace
}  // namespace apiary
