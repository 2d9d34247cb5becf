// What outlives the daemon besides events: the numbers of VMs; and what is said of a file that cannot be used.
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "support/fake_loop.hpp"

namespace apiary::store {
namespace {

class StoreTest : public testing::Test {
protected:
    StoreTest() {
        std::string pattern = std::filesystem::temp_directory_path() / "apiary-store-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        options_.path = folder_ / "state.db";
        options_.undurable_path = folder_ / "undurable";
        options_.boot = "boot 1";
    }
    ~StoreTest() override { std::filesystem::remove_all(folder_); }

    void open() {
        store_.reset();
        identities_.emplace();
        store_.emplace(loop_, options_, *identities_);
    }
    void commit() {
        Event event;
        store_->journal().append(event);
        ASSERT_TRUE(store_->journal().commit());
    }
    // As a disk does that gives another block than the one that was written.
    void spoil(std::string const& table) {
        store_.reset();
        std::int64_t page = 0;
        std::int64_t size = 0;
        {
            Sqlite database{options_.path, Sqlite::Mode::existing};
            page = database.number(("SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'").c_str());
            size = database.number("PRAGMA page_size");
        }
        ASSERT_GT(page, 1);
        std::fstream file{options_.path, std::ios::binary | std::ios::in | std::ios::out};
        file.seekp((page - 1) * size);
        file << std::string(static_cast<std::size_t>(size), 'x');
        ASSERT_TRUE(file.flush().good());
    }
    auto refusal() -> std::string {
        try {
            open();
        } catch (std::runtime_error const& error) {
            return error.what();
        }
        return {};
    }

    std::filesystem::path folder_;
    test::FakeLoop loop_;
    JournalOptions options_;
    std::optional<Identities> identities_;
    std::optional<Store> store_;
};

TEST_F(StoreTest, NumbersOfVmsStay) {
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    EXPECT_EQ(identities_->id_of("db"), 1U);
    identities_->reserve("found", 7);
    commit();
    open();
    EXPECT_EQ(identities_->id_of("new"), 2U);
    EXPECT_EQ(identities_->id_of("DB"), 1U);
    EXPECT_EQ(identities_->id_of("found"), 7U);
    EXPECT_EQ(identities_->id_of("web"), 0U);
}

// `name = other` in the section of web: both names have its number, and the number stays the section's.
TEST_F(StoreTest, AVmWithANameOfItsOwn) {
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    identities_->reserve("other", 0);
    commit();
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    EXPECT_EQ(identities_->id_of("next"), 1U);
}

// A VM that is removed and read again within one turn goes on counting.
TEST_F(StoreTest, TheLastEventOfAVmIsKnownBeforeItIsCommitted) {
    open();
    Event event;
    event.vm = "web";
    event.vm_seq = 1;
    store_->journal().append(event);
    EXPECT_EQ(store_->journal().last_of("web"), 1U);
    commit();
    EXPECT_EQ(store_->journal().last_of("web"), 1U);
    event.vm_seq = 2;
    store_->journal().append(event);
    EXPECT_EQ(store_->journal().last_of("web"), 2U);
    open();
    EXPECT_EQ(store_->journal().last_of("web"), 1U);
}

TEST_F(StoreTest, ANumberThatCouldNotBeWrittenIsWrittenLater) {
    open();
    EXPECT_EQ(identities_->id_of("web"), 0U);
    store_->journal().database().run("PRAGMA query_only = 1");  // refuses every write
    Event event;
    store_->journal().append(event);
    EXPECT_FALSE(store_->journal().commit());
    EXPECT_EQ(identities_->id_of("db"), 1U);
    store_->journal().database().run("PRAGMA query_only = 0");
    ASSERT_TRUE(store_->journal().commit());
    open();
    EXPECT_EQ(identities_->id_of("first"), 2U);
    EXPECT_EQ(identities_->id_of("db"), 1U);
}

auto definition() -> std::shared_ptr<Definition> {
    auto made = std::make_shared<Definition>();
    made->name = "web";
    made->owner = 1001;
    made->group = 50;
    made->origin.line = 7;
    made->boot = BootPolicy::always;
    made->stop_timeout = std::chrono::seconds{17};
    made->disks.push_back({.path = {"/not \xff utf-8", false, 1001}, .readonly = true});
    made->nics.push_back({.type = NicType::e1000, .bridge = "b0", .mac = "02:00:00:00:00:01"});
    made->com[3] = {.kind = ComPort::Kind::device, .device = {"/dev/x"}, .text = "/dev/x"};
    made->graphics.password = "secret";
    made->cpus.pins.push_back({1, 2});
    made->tpm = Tpm{};
    made->settings.push_back({.key = "disk", .values = {"a", "b"}, .secret = false, .origins = {{}}});
    made->settings.push_back({.key = "graphics_password", .values = {"secret"}, .secret = true, .origins = {{}}});
    made->description = "the web";
    made->os = "FreeBSD";
    made->osversion = "14";
    made->restart_limit = {.restarts = 7, .within = std::chrono::seconds{70}};
    made->bootrom = "/rom";
    made->after = {"db", "cache"};
    made->acpi_tables = true;
    made->vmexit_on_halt = false;
    made->scriptpath = "/scripts";
    made->plugin_settings["hookcmd"] = made->settings;
    return made;
}

auto record() -> VmRecord {
    VmRecord made;
    made.name = "Web";
    made.id = 3;
    made.status.state = State::stopping;
    made.status.sub_state = SubState::killing;
    made.status.target = Target::running;
    made.status.reason = Reason::stop_timeout;
    made.status.reason_text = "late \xff";
    made.status.step = "network";
    made.status.incarnation = 9;
    made.status.job = 12;
    made.status.last_event = 33;
    made.status.since = WallTime{std::chrono::microseconds{1234567}};
    made.status.hypervisor_pid = 4711;
    made.audience = {.owner = 1001, .group = 50, .visibility = Visibility::all};
    made.definition = definition();
    made.run_dir = "/run/vm/3/9";
    made.launched = true;
    made.launch = 3;
    made.once = made.stopped_by_hand = made.job_canceled = made.boot_due = true;
    made.start_due = WallTime{std::chrono::microseconds{88}};
    made.why = Reason::requested;
    made.why_text = "because";
    made.attempts.push_back({.step = "network", .id = 30, .contributions = {{"tap", "nic0", "tap3", nullptr}}});
    made.attempts.push_back({.step = "hook", .id = 31, .contributions = {}});
    made.vanishing = true;
    made.restarts = {WallTime{std::chrono::microseconds{5}}};
    return made;
}

TEST_F(StoreTest, TheEnginesMemory) {
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

TEST_F(StoreTest, SecretsAreInNoFile) {
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

TEST_F(StoreTest, AnOrderlyEndIsToldOnceItIsTakenUp) {
    open();
    EXPECT_FALSE(store_->memory().recover().ended);
    store_->memory().note_end();
    ASSERT_TRUE(store_->journal().commit());
    for (int i = 0; i < 2; ++i) {
        open();
        EXPECT_TRUE(store_->memory().recover().ended);
    }
    ASSERT_TRUE(store_->journal().commit());
    open();
    EXPECT_FALSE(store_->memory().recover().ended);
}

TEST_F(StoreTest, ADefinitionIsWrittenWhenItIsAnother) {
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

TEST_F(StoreTest, ADamagedRecordIsNamed) {
    open();
    store_->memory().keep(record());
    ASSERT_TRUE(store_->journal().commit());
    store_->journal().database().run("UPDATE record SET definition = x'ff00'");
    open();
    auto const found = store_->memory().recover();
    EXPECT_TRUE(found.vms.empty());
    EXPECT_EQ(found.damaged, (std::vector<std::string>{"web"}));
}

// All is read at the start, where it can be told what to do; later nobody could.
TEST_F(StoreTest, ADatabaseThatIsDamagedInPartIsRefused) {
    for (auto const* const table : {"record", "job", "vm", "identity", "event"}) {
        open();
        (void)identities_->id_of("web");
        store_->memory().keep(record());
        commit();
        spoil(table);
        auto const said = refusal();
        EXPECT_NE(said.find(options_.path), std::string::npos) << table << ": " << said;
        EXPECT_NE(said.find("move it"), std::string::npos) << table << ": " << said;
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
    }
}

// Of jobs that come and go while nothing can be written, nothing stays.
TEST_F(StoreTest, AJobThatWasNeverWrittenNeedsNoForgetting) {
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

TEST_F(StoreTest, SaysWhatToDo) {
    std::ofstream{options_.path} << std::string(10'000, 'x');
    auto const damaged = refusal();
    EXPECT_NE(damaged.find(options_.path), std::string::npos) << damaged;
    EXPECT_NE(damaged.find("move it"), std::string::npos) << damaged;
    std::filesystem::remove(options_.path);
    { Sqlite{options_.path, Sqlite::Mode::create}.run("CREATE TABLE other (x)"); }
    auto const foreign = refusal();
    EXPECT_NE(foreign.find("another program"), std::string::npos) << foreign;
    options_.path = folder_ / "missing" / "state.db";
    auto const missing = refusal();
    EXPECT_NE(missing.find("must be able to write"), std::string::npos) << missing;
}

}  // namespace
}  // namespace apiary::store
