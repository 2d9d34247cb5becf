// What the engine knows of its VMs and jobs outlives it, but for secrets.
#include "unit/store/store_fixture.hpp"

namespace apiary::store {
namespace {

using MemoryTest = StoreTest;

TEST_F(MemoryTest, TheEnginesMemory) {
    open();
    store_->memory().keep(record());
    Job job;
    job.id = 12;
    job.command = Command::poweroff;
    job.vm = "Web";
    job.requester = 1001;
    job.stage = "killing";
    job.progress = 0.5;
    job.cancelable = true;
    job.started = WallTime{std::chrono::microseconds{77}};
    job.audience = record().audience;
    store_->memory().keep(job);
    ASSERT_TRUE(store_->journal().commit());  // no event: it is written all the same
    open();
    auto const found = store_->memory().recover();
    EXPECT_FALSE(found.same_boot);
    ASSERT_EQ(found.vms.size(), 1U);
    auto const& vm = found.vms.front();
    auto const wanted = record();
    EXPECT_EQ(vm.name, wanted.name);
    EXPECT_EQ(vm.id, wanted.id);
    EXPECT_EQ(vm.status, wanted.status);
    EXPECT_EQ(vm.audience, wanted.audience);
    EXPECT_EQ(vm.run_dir, wanted.run_dir);
    EXPECT_TRUE(vm.launched);
    EXPECT_EQ(vm.launch, 3U);
    EXPECT_TRUE(vm.once && vm.stopped_by_hand && vm.job_canceled && vm.boot_due);
    EXPECT_EQ(vm.start_due, wanted.start_due);
    EXPECT_EQ(vm.why, wanted.why);
    EXPECT_EQ(vm.why_text, wanted.why_text);
    ASSERT_EQ(vm.attempts.size(), 2U);
    EXPECT_EQ(vm.attempts[0].step, "network");
    EXPECT_EQ(vm.attempts[0].id, 30U);
    ASSERT_EQ(vm.attempts[0].contributions.size(), 1U);
    EXPECT_EQ(vm.attempts[0].contributions[0].value, "tap3");
    EXPECT_TRUE(vm.vanishing);
    EXPECT_EQ(vm.restarts, wanted.restarts);
    ASSERT_TRUE(vm.definition);
    EXPECT_TRUE(lacks_secrets(*vm.definition));
    EXPECT_TRUE(same_settings(*vm.definition, without_secrets(*wanted.definition)));
    EXPECT_TRUE(same_as_known(*vm.definition, *wanted.definition));
    auto changed = *wanted.definition;
    changed.memory_bytes = 1;
    EXPECT_FALSE(same_as_known(*vm.definition, changed));
    EXPECT_EQ(vm.definition->restart_limit, wanted.definition->restart_limit);
    EXPECT_EQ(vm.definition->bootrom, wanted.definition->bootrom);
    EXPECT_EQ(vm.definition->acpi_tables, true);
    EXPECT_EQ(vm.definition->after, wanted.definition->after);
    EXPECT_EQ(vm.definition->vmexit_on_halt, false);
    EXPECT_EQ(vm.definition->scriptpath, "/scripts");
    EXPECT_EQ(vm.definition->description, "the web");
    EXPECT_EQ(vm.definition->disks, wanted.definition->disks);
    EXPECT_EQ(vm.definition->cpus, wanted.definition->cpus);
    EXPECT_EQ(vm.definition->tpm, wanted.definition->tpm);
    EXPECT_FALSE(vm.definition->graphics.password);
    EXPECT_EQ(vm.definition->stop_timeout, std::chrono::seconds{17});
    EXPECT_EQ(vm.definition->boot, BootPolicy::always);
    EXPECT_EQ(vm.definition->com[3], wanted.definition->com[3]);
    ASSERT_EQ(found.jobs.size(), 1U);
    EXPECT_EQ(found.jobs[0].id, 12U);
    EXPECT_EQ(found.jobs[0].command, Command::poweroff);
    EXPECT_EQ(found.jobs[0].stage, "killing");
    EXPECT_EQ(found.jobs[0].started, job.started);

    open();  // nothing was done about it
    EXPECT_FALSE(store_->memory().recover().same_boot);
    ASSERT_TRUE(store_->journal().commit());
    open();
    EXPECT_TRUE(store_->memory().recover().same_boot);
    options_.boot = "boot 2";
    open();
    EXPECT_FALSE(store_->memory().recover().same_boot);
    store_->memory().forget_vm("wEB");
    store_->memory().forget_job(12);
    ASSERT_TRUE(store_->journal().commit());
    open();
    EXPECT_TRUE(store_->memory().recover().vms.empty());
    EXPECT_TRUE(store_->memory().recover().jobs.empty());
}

TEST_F(MemoryTest, SecretsAreInNoFile) {
    open();
    auto kept = record();
    auto changed = std::make_shared<Definition>(*kept.definition);
    changed->graphics.password = "hunter1";
    changed->settings[1].values = {"hunter1"};
    changed->plugin_settings["hookcmd"][1].values = {"hunter1"};
    changed->bhyve_base = std::make_shared<BhyveBase const>(BhyveBase{
        "/base", {{"memory.size", "1G"}, {"my.word", "hunter3"}, {"pci.0.29.0.password", "hunter2%(my.word)"}}});
    kept.definition = changed;
    store_->memory().keep(kept);
    ASSERT_TRUE(store_->journal().commit());
    bool seen = false;
    for (auto const& entry : std::filesystem::directory_iterator{folder_}) {
        std::ifstream file{entry.path(), std::ios::binary};
        std::string const bytes{std::istreambuf_iterator<char>{file}, {}};
        EXPECT_EQ(bytes.find("hunter"), std::string::npos) << entry.path();
        seen = seen || bytes.find("memory.size") != std::string::npos;
    }
    EXPECT_TRUE(seen);
    open();
    auto const found = store_->memory().recover();
    ASSERT_EQ(found.vms.size(), 1U);
    Definition base_alone;
    base_alone.bhyve_base = found.vms[0].definition->bhyve_base;
    EXPECT_TRUE(lacks_secrets(base_alone));
    EXPECT_TRUE(same_as_known(*found.vms[0].definition, *changed));
    auto other = *changed;
    other.bhyve_base = std::make_shared<BhyveBase const>(BhyveBase{"/base", {{"memory.size", "2G"}}});
    EXPECT_FALSE(same_as_known(*found.vms[0].definition, other));
}

TEST_F(MemoryTest, ADefinitionIsWrittenWhenItIsAnother) {
    open();
    auto kept = record();
    for (unsigned sockets = 1; sockets < 4; ++sockets) {
        auto changed = definition();
        changed->cpus.sockets = sockets;
        kept.definition = changed;
        kept.status.last_event += 1;
        store_->memory().keep(kept);
        ASSERT_TRUE(store_->journal().commit());
        kept.status.last_event += 1;
        store_->memory().keep(kept);
        ASSERT_TRUE(store_->journal().commit());
    }
    kept.definition = nullptr;
    store_->memory().keep(kept);
    store_->journal().database().run("PRAGMA query_only = 1");
    EXPECT_FALSE(store_->journal().commit());
    {
        Sqlite other{options_.path, Sqlite::Mode::existing};
        EXPECT_GT(other.number("SELECT length(definition) FROM record"), 100);
    }
    store_->journal().database().run("PRAGMA query_only = 0");
    ASSERT_TRUE(store_->journal().commit());
    open();
    auto const found = store_->memory().recover();
    ASSERT_EQ(found.vms.size(), 1U);
    EXPECT_FALSE(found.vms[0].definition);
    EXPECT_EQ(found.vms[0].status.last_event, 33U + 6U);
}

TEST_F(MemoryTest, ADamagedRecordIsNamed) {
    open();
    store_->memory().keep(record());
    ASSERT_TRUE(store_->journal().commit());
    store_->journal().database().run("UPDATE record SET definition = x'ff00'");
    open();
    auto const found = store_->memory().recover();
    EXPECT_TRUE(found.vms.empty());
    EXPECT_EQ(found.damaged, (std::vector<std::string>{"web"}));
}

// Of jobs that come and go while nothing can be written, nothing stays.
TEST_F(MemoryTest, AJobThatWasNeverWrittenNeedsNoForgetting) {
    open();
    MemoryTable table{store_->journal().database(), "boot"};
    Job job;
    job.id = 7;
    table.keep(job);
    table.forget_job(7);
    table.forget_job(8);
    EXPECT_FALSE(table.changed());
    table.keep(job);
    table.write();
    table.written();
    table.forget_job(7);
    EXPECT_TRUE(table.changed());
    table.write();
    table.written();
    EXPECT_EQ(store_->journal().database().number("SELECT count(*) FROM job"), 0);
}

}  // namespace
}  // namespace apiary::store
