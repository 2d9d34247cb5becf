// What the engine keeps for the next daemon, and what it takes over from the one before.
#include <map>
#include <utility>

#include "vm/engine_core.hpp"
#include "vm/kill_point.hpp"

namespace apiary {

void EngineCore::remember(Turn const& turn) {
    for (auto const& change : turn.vms) {
        auto const& machine = static_cast<Machine const&>(*change.vm);
        if (machine.is_erased() || !machine.is_remembered()) {
            memory_->forget_vm(machine.name());
        } else {
            memory_->keep(machine.record());
        }
    }
    for (auto const* const jobs : {&turn.jobs_added, &turn.jobs_changed}) {
        for (auto const* const job : *jobs) {
            if (job->result == JobResult::running) {
                memory_->keep(*job);
            }
        }
    }
    for (auto const* const job : turn.jobs_ended) {
        memory_->forget_job(job->id);
    }
}

auto EngineCore::recover(Memory::Recovered recovered) -> std::vector<std::string> {
    std::map<std::uint64_t, Job> jobs;
    for (auto& job : recovered.jobs) {
        jobs.emplace(job.id, std::move(job));
    }
    bool const boots = !recovered.same_boot || recovered.ended;
    std::vector<std::string> run_dirs;
    for (auto& record : recovered.vms) {
        if (machine(record.name)) {
            continue;
        }
        bool const at_rest = record.status.state == State::stopped ||
                             (record.status.state == State::failed && record.status.sub_state == SubState::none);
        if (!at_rest && !record.definition) {
            continue;  // of a guest that was found without a record: it is found again by its run folder
        }
        if (!record.run_dir.empty() && !at_rest) {
            run_dirs.push_back(record.run_dir);
        }
        Job* job = nullptr;
        if (auto const known = jobs.find(record.status.job); known != jobs.end() && known->second.vm == record.name) {
            job = &jobs_.restore(std::move(known->second));
            jobs.erase(known);
        }
        identities_.reserve(record.name, record.id);
        auto& made = add(record.name, record.id, record.definition);
        made.recover(std::move(record), job, recovered.same_boot, boots);
        APIARY_KILL_POINT("recover.vm");
        made.note_order();
    }
    for (auto const& [id, lost] : jobs) {
        if (memory_ != nullptr) {
            memory_->forget_job(id);  // of a VM whose record is gone: nobody will ever end it
        }
    }
    return run_dirs;
}

}  // namespace apiary
