// Whoever has the answer to a reload finds it done, and written down.
#include "main/reloads.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "store/ring_journal.hpp"
#include "support/fake_loop.hpp"
#include "support/fake_supervisor.hpp"
#include "support/scripted_hypervisor.hpp"
#include "vm/engine_core.hpp"

namespace apiary {
namespace {

// A checkpoint goes on for as long as the test says.
class BusyJournal : public store::RingJournal {
public:
    BusyJournal() : RingJournal{"stream", 1000} {}
    auto commit() -> bool override {
        committed = last();
        return true;
    }
    [[nodiscard]] auto ready() const -> bool override { return is_ready; }
    void when_ready(std::function<void()> callback) override { waiting.push_back(std::move(callback)); }
    void become_ready() {
        is_ready = true;
        for (auto const& callback : std::exchange(waiting, {})) {
            callback();
        }
    }
    bool is_ready = true;
    std::uint64_t committed = 0;
    std::vector<std::function<void()>> waiting;
};

class ReloadsTest : public ::testing::Test {
protected:
    ReloadsTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "apiary-reloads-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        options_.configs = {folder_ / "vms.conf"};
        options_.trusted_uid = ::geteuid();
        std::ofstream{options_.configs[0]} << "vm web { memory = 64M; loader = uefi; }\n";
    }
    ~ReloadsTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
    Options options_;
    test::FakeLoop loop_;
    BusyJournal journal_;
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
    reloads.keys_changed();
    loop_.run_ready();
    EXPECT_EQ(taken, 1U);
    EXPECT_EQ(reloads.last().diagnostics, std::vector<std::string>{});
    reloads.keys_changed();
    loop_.run_ready();
    EXPECT_EQ(taken, 1U) << "nothing was missing: files that somebody is changing are left alone";
}

}  // namespace
}  // namespace apiary
