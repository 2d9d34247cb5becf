// What the next daemon does about boot policies and definitions: after a death, an orderly end, another boot of the
// host.
#include "places.hpp"
#include "recovered_fixture.hpp"

namespace apiary::test {
namespace {

using Words = std::vector<std::string>;

class RecoveredPolicies : public Recovered {};

TEST_F(RecoveredPolicies, AfterAnotherBootNothingRunsAndAllIsUndone) {
    start();
    world.hypervisor.last().alive = false;
    world.store.same_boot = false;
    die();
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_EQ(status().reason, Reason::host_shutdown);
    EXPECT_EQ(world.asked, (Words{"hook:poststop", "storage:poststop", "network:poststop"}));
    EXPECT_TRUE(world.hypervisor.adoptions.empty());
    EXPECT_EQ(world.faults_at_rest(), Words{});
}

TEST_F(RecoveredPolicies, AfterAnotherBootBootPoliciesHold) {
    world.definitions = {{.name = "vm", .boot = BootPolicy::yes}, {.name = "b", .boot = BootPolicy::yes}};
    world.die();
    settle();
    EXPECT_EQ(world.hypervisor.alive(), 2U);
    for (auto const& process : world.hypervisor.processes) {
        process->up();
        process->alive = false;
    }
    settle();
    world.store.same_boot = false;
    die();
    world.loop.advance(seconds{3});
    EXPECT_EQ(world.where(), "starting/launching");
    EXPECT_EQ(world.where("b"), "starting/launching");
}

TEST_F(RecoveredPolicies, AfterADeathNoBootPolicyHolds) {
    world.definitions = {{.name = "vm", .boot = BootPolicy::yes}};
    world.die();
    settle();
    world.process()->up();
    tell(Command::poweroff);
    world.process()->exited(Reason::requested);
    settle();
    die();
    world.loop.advance(minutes{1});
    EXPECT_EQ(world.where(), "stopped");
}

TEST_F(RecoveredPolicies, AfterAnOrderlyEndBootPoliciesHold) {
    world.definitions = {{.name = "vm", .boot = BootPolicy::yes}};
    world.die();
    settle();
    world.process()->up();
    settle();
    bool done = false;
    world.engine->shut_down([&done] { done = true; });
    settle();
    world.process()->exited(Reason::guest_poweroff);
    settle();
    EXPECT_TRUE(done);
    die();
    EXPECT_EQ(world.where(), "starting/launching");
}

TEST_F(RecoveredPolicies, APlannedStartIsKept) {
    world.definitions = {{.name = "vm", .boot = BootPolicy::yes, .boot_delay = seconds{30}}};
    world.die();
    settle();
    world.loop.advance(seconds{20});
    die();
    world.loop.advance(seconds{9});
    EXPECT_EQ(world.where(), "stopped");
    world.loop.advance(seconds{1});
    EXPECT_EQ(world.where(), "starting/launching");
}

TEST_F(RecoveredPolicies, ADefinitionThatIsGoneStopsTheGuest) {
    start();
    world.definitions.clear();
    die();
    EXPECT_EQ(world.where(), "stopping/acpi");
    world.die();  // vanishing is remembered
    settle();
    world.process()->exited(Reason::guest_poweroff);
    settle();
    EXPECT_EQ(world.where(), "gone");
    EXPECT_FALSE(world.store.record_of("vm"));
}

TEST_F(RecoveredPolicies, ADefinitionThatHasChangedWaits) {
    start();
    world.definitions = {{.name = "vm", .memory = "128M"}};
    die();
    EXPECT_TRUE(status().config_pending);
    EXPECT_EQ(world.engine->find("vm")->definition()->memory_text, "64M");
    EXPECT_EQ(world.hypervisor.adoptions[0].definition->memory_text, "64M");
}

// A password is not kept on disk: the configuration has it.
TEST_F(RecoveredPolicies, ASecretComesFromTheConfiguration) {
    auto const with = [](std::string const& password, std::string const& memory) {
        auto made = std::make_shared<Definition>(*make({.name = "vm", .memory = memory, .reboot_on_change = true}));
        made->boot = BootPolicy::yes;
        made->graphics.password = password;
        made->settings.push_back({.key = "graphics_password", .values = {password}, .secret = true, .origins = {}});
        return made;
    };
    auto const kept = std::make_shared<Definition const>(without_secrets(*with("open sesame", "64M")));
    EXPECT_TRUE(lacks_secrets(*kept));
    world.engine->apply({kept});
    settle();
    world.loop.advance(seconds{1});
    EXPECT_EQ(world.where(), "failed");  // it is not started without
    EXPECT_NE(status().reason_text.find("secrets"), std::string::npos);
    EXPECT_TRUE(world.engine->preview({with("open sesame", "64M")}).empty());
    EXPECT_EQ(world.engine->preview({with("open sesame", "128M")}).size(), 1U);
    world.engine->apply({with("open sesame", "64M")});
    settle();
    EXPECT_EQ(world.engine->find("vm")->definition()->graphics.password, "open sesame");
    tell(Command::start);
    EXPECT_EQ(world.where(), "starting/launching");
}

// So it is with that of a screen in a base file.
TEST_F(RecoveredPolicies, ASecretOfABaseFileComesFromTheConfiguration) {
    using Settings = std::vector<std::pair<std::string, std::string>>;
    auto const with = [](Settings settings) {
        auto made = std::make_shared<Definition>(*make({.name = "vm", .backend = BackendKind::qemu}));
        made->bhyve_base = std::make_shared<BhyveBase const>(BhyveBase{"/base", std::move(settings)});
        return made;
    };
    Settings const told{{"x.word", "open"},       {"x.words", "%(x.word) sesame%%"},
                        {"memory.size", "1G"},    {"pci.0.29.0.password", "%(x.words)"},
                        {"x.password.hint", "y"}, {"pci.0.30.0.password", "shut"}};
    auto const kept = std::make_shared<Definition const>(without_secrets(*with(told)));
    EXPECT_EQ(kept->bhyve_base->settings, (Settings{{"x.word", ""},
                                                    {"x.words", ""},
                                                    {"memory.size", "1G"},
                                                    {"pci.0.29.0.password", ""},
                                                    {"x.password.hint", "y"},
                                                    {"pci.0.30.0.password", ""}}));
    EXPECT_TRUE(lacks_secrets(*kept));
    EXPECT_FALSE(lacks_secrets(*with(told)));
    world.engine->apply({kept});
    settle();
    tell(Command::start);
    EXPECT_EQ(world.where(), "failed");  // it is not started without
    EXPECT_NE(status().reason_text.find("secrets"), std::string::npos) << status().reason_text;
    auto changed = told;
    changed[2].second = "2G";
    EXPECT_EQ(world.engine->preview({with(changed)}).size(), 1U);
    EXPECT_TRUE(world.engine->preview({with(told)}).empty());
    world.engine->apply({with(told)});
    settle();
    EXPECT_EQ(world.engine->find("vm")->definition()->bhyve_base->settings, told);
    tell(Command::start);
    EXPECT_EQ(world.where(), "starting/launching");
    EXPECT_EQ(world.hypervisor.last().request.definition->bhyve_base->settings, told);
}

TEST_F(RecoveredPolicies, AFailureIsRemembered) {
    start();
    world.process()->exited(Reason::killed, "signal 11");
    settle();
    die();
    EXPECT_EQ(world.where(), "failed");
    EXPECT_EQ(status().reason_text, "signal 11");
    tell(Command::fail_reset);
    EXPECT_EQ(world.where(), "stopped");
}

// Its record is older than what runs: the database may have been put back from a copy.
TEST_F(RecoveredPolicies, WhoRestsByItsRecordAndIsFoundRunningIsNotStarted) {
    settle();
    auto record = found_record();
    record.id = 0;
    world.engine->found_running(record);
    settle();
    EXPECT_EQ(world.where(), "running/not-adopted");
    world.send(Command::start);
    settle();
    EXPECT_EQ(world.hypervisor.alive(), 0U);
    EXPECT_FALSE(world.store.record_of("vm"));  // it is found again
    tell(Command::poweroff);
    EXPECT_EQ(world.where(), "stopped");
    EXPECT_TRUE(world.store.record_of("vm"));
}

}  // namespace
}  // namespace apiary::test
