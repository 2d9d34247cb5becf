#include "supervision/run_folder_step.hpp"

#include "supervision/process.hpp"
#include "supervision/run_folder.hpp"
#include "supervision/run_record.hpp"
#include "supervision/step_results.hpp"
#include "vm/kill_point.hpp"

namespace apiary::supervision {
namespace {

auto record_of(StepCall const& call, WallTime now) -> RunRecord {
    auto const& definition = *call.definition;
    RunRecord record;
    record.run_dir = call.run_dir;
    record.name = definition.name;
    record.id = call.id;
    record.incarnation = call.incarnation;
    record.owner = definition.owner;
    record.group = definition.group;
    record.visibility = definition.visibility;
    record.backend = definition.backend;
    record.boot_id = boot_id();
    record.started_us = now.time_since_epoch().count();
    record.settings = definition.settings;
    return record;
}

}  // namespace

void RunFolderStep::prestart(StepCall call, Done done) {
    auto const run_dir = call.run_dir;
    auto fault = std::make_shared<std::string>();
    auto work = [fault, call = std::move(call), now = loop_.wall()] {
        *fault = make_run_folder(call.run_dir);
        if (fault->empty()) {
            *fault = write_run_file(call.run_dir, record_file, to_json(record_of(call, now)));
            APIARY_KILL_POINT("run-folder.described");
        }
    };
    folders_.offload(run_dir, std::move(work),
                     [fault, done = std::move(done)] { done(fault->empty() ? step_ok() : step_failed(*fault)); });
}

void RunFolderStep::poststop(StepCall call, Done done) {
    auto fault = std::make_shared<std::string>();
    folders_.offload(
        call.run_dir, [fault, run_dir = call.run_dir] { *fault = remove_run_folder(run_dir); },
        [fault, done = std::move(done)] { done(fault->empty() ? step_ok() : step_failed(*fault)); });
}

}  // namespace apiary::supervision
