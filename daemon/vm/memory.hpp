// What the engine must find again when the daemon has died: where each VM was in its life, and the jobs under way.
//
// It is kept with the events of a turn, in one commit, before anything of that turn is told to others or acted upon. So
// whoever reads it back knows of everything that may have been begun; whether it was begun must be found out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/engine.hpp"

namespace apiary {

// A step that was begun and not yet undone. Undone by what stands here, whatever the configuration says by then.
struct AttemptRecord {
    std::string step;
    std::uint64_t id = 0;
    std::vector<Contribution> contributions;  // without their descriptors
};

struct VmRecord {
    std::string name;
    unsigned id = 0;
    VmStatus status;
    Audience audience;
    DefinitionPtr definition;  // that it runs with, or would be started with
    std::string run_dir;       // of this incarnation; empty: none
    // A hypervisor may run in run_dir: it was about to be launched, and its end was not yet taken note of.
    bool launched = false;
    std::uint64_t launch = 0;   // number of the last launch in run_dir
    Reason why = Reason::none;  // it is on its way down for this
    std::string why_text;
    std::vector<AttemptRecord> attempts;  // in the order of their beginning
    bool vanishing = false;               // its definition is gone
    bool once = false;                    // a reboot of its guest is its end
    bool stopped_by_hand = false;
    bool job_canceled = false;          // its job ends as canceled when everything is undone
    bool boot_due = false;              // its boot policy is yet to be followed
    std::optional<WallTime> start_due;  // of a planned start
    std::vector<WallTime> restarts;     // the starts that count for maxrestart
};

class Memory {
public:
    virtual ~Memory() = default;

    // Replace what was kept under the same name or id; written with the journal's next commit.
    virtual void keep(VmRecord record) = 0;
    virtual void keep(Job const& job) = 0;
    virtual void forget_vm(std::string_view name) = 0;
    virtual void forget_job(std::uint64_t id) = 0;
    // The daemon has stopped all VMs and ends: the next one starts them as their boot policies say.
    virtual void note_end() = 0;

    struct Recovered {
        std::vector<VmRecord> vms;
        std::vector<Job> jobs;  // that had not ended, by id
        std::vector<std::string>
            damaged;            // names whose records cannot be read: what runs of them is found by its folder
        bool same_boot = true;  // false: the host was restarted since, nothing of it can run
        bool ended = false;     // the last daemon had stopped all VMs before its end
    };
    // As the last commit left it. Once, at the start of the daemon: with the next commit it counts as taken up, that is
    // by this boot of the host, and by a daemon that has not ended.
    [[nodiscard]] virtual auto recover() -> Recovered = 0;
};

}  // namespace apiary
