#include "places.hpp"

namespace apiary::test {
namespace {

using A = ScriptedStep::Answer;

void defined(EngineWorld& world) {
    world.define({world.common});
}

void running(EngineWorld& world) {
    defined(world);
    world.start();
}

}  // namespace

auto found_record() -> RunRecord {
    return {.run_dir = "/run/apiary/7/3",
            .name = "vm",
            .id = 7,
            .incarnation = 3,
            .owner = 1000,
            .group = {},
            .visibility = Visibility::owner,
            .backend = BackendKind::qemu,
            .boot_id = "boot",
            .started_us = 1,
            .settings = {}};
}

auto places() -> std::vector<Place> const& {
    static std::vector<Place> const all{
        {"stopped", defined, minutes{10}},
        {"stopped/backoff",
         [](EngineWorld& world) {
             auto wanted = world.common;
             wanted.boot = BootPolicy::always;
             world.define({wanted});
             world.start();
             world.hypervisor.last().exited(Reason::killed, "signal 9");
             world.loop.run_ready();
         },
         seconds{1}},
        {"starting/waiting",
         [](EngineWorld& world) {
             world.others = {{.name = "first", .loader_timeout = seconds{15}}};
             world.common.after = {"first"};
             defined(world);
             world.tell(Command::start, "first");
             world.tell(Command::start, "vm");
         },
         seconds{15}},
        {"starting/queued",
         [](EngineWorld& world) {
             world.engine->limit_starts(0);
             defined(world);
             world.tell(Command::start, "vm");
         },
         minutes{10}},
        {"starting/prestart",
         [](EngineWorld& world) {
             defined(world);
             world.storage.prestart_answer = A::silent;
             world.tell(Command::start, "vm");
         },
         seconds{60}},
        {"starting/loading",
         [](EngineWorld& world) {
             defined(world);
             world.hypervisor.loader = true;
             world.tell(Command::start, "vm");
         },
         seconds{15}},
        {"starting/launching",
         [](EngineWorld& world) {
             defined(world);
             world.tell(Command::start, "vm");
         },
         seconds{15}},
        {"running", running, minutes{10}},
        {"running/rebooting",
         [](EngineWorld& world) {
             running(world);
             world.hypervisor.last().reset();
             world.loop.run_ready();
         },
         seconds{2}},
        {"running/not-adopted",
         [](EngineWorld& world) {
             world.engine->found_running(found_record());
             defined(world);
         },
         minutes{10}},
        {"paused",
         [](EngineWorld& world) {
             running(world);
             world.tell(Command::pause, "vm");
             world.hypervisor.last().paused();
             world.loop.run_ready();
         },
         minutes{10}},
        {"stopping/acpi",
         [](EngineWorld& world) {
             running(world);
             world.tell(Command::stop, "vm");
         },
         seconds{30}},
        {"stopping/killing",
         [](EngineWorld& world) {
             running(world);
             world.tell(Command::poweroff, "vm");
         },
         seconds{5}},
        {"stopping/poststop",
         [](EngineWorld& world) {
             running(world);
             world.storage.undo_answer = A::silent;
             world.hypervisor.last().exited(Reason::guest_poweroff);
             world.loop.run_ready();
         },
         seconds{60}},
        {"failed",
         [](EngineWorld& world) {
             running(world);
             world.hypervisor.last().exited(Reason::killed, "signal 9");
             world.loop.run_ready();
         },
         minutes{10}},
        {"failed/undo-pending",
         [](EngineWorld& world) {
             running(world);
             world.storage.undo_failures = 1;
             world.hypervisor.last().exited(Reason::guest_poweroff);
             world.loop.run_ready();
         },
         seconds{1}},
    };
    return all;
}

auto place_named(std::string_view name) -> Place const& {
    for (auto const& place : places()) {
        if (place.name == name) {
            return place;
        }
    }
    throw std::out_of_range{"no place " + std::string{name}};
}

}  // namespace apiary::test
