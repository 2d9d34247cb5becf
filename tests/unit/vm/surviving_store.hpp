// A journal and a memory that outlive the engines of a test, with what was committed; and nothing else.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vm/memory.hpp"

namespace apiary::test {

class SurvivingStore : public Journal, public Memory {
public:
    // Runs before and after each commit: "commit", "committed". What it throws leaves commit().
    std::function<void(char const*)> at_commit;
    bool same_boot = true;  // of the next recover()
    bool works = true;      // false: its disk is full

    // The death of the process: what was not committed is lost.
    void die();
    [[nodiscard]] auto events() const -> std::deque<Event> const& { return events_; }
    [[nodiscard]] auto jobs() const -> std::map<std::uint64_t, Job> const& { return kept_.jobs; }
    [[nodiscard]] auto record_of(std::string const& name) const -> std::optional<VmRecord>;

    void append(Event& event) override;
    auto commit() -> bool override;
    [[nodiscard]] auto fault() const -> std::string override { return works ? "" : "the disk is full"; }
    [[nodiscard]] auto last_of(std::string_view vm) const -> std::uint64_t override;
    [[nodiscard]] auto stream() const -> std::string const& override { return stream_; }
    [[nodiscard]] auto last() const -> std::uint64_t override { return events_.size() + pending_.size(); }
    [[nodiscard]] auto read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
        -> Page override;

    void keep(VmRecord record) override;
    void keep(Job const& job) override { now_.jobs.insert_or_assign(job.id, job); }
    void forget_vm(std::string_view name) override { now_.vms.erase(std::string{name}); }
    void forget_job(std::uint64_t id) override { now_.jobs.erase(id); }
    void note_end() override { now_.ended = true; }
    [[nodiscard]] auto recover() -> Recovered override;

private:
    struct Kept {
        struct Vm {
            std::string bytes;  // as the store writes it
            DefinitionPtr definition;
        };
        std::map<std::string, Vm> vms;
        std::map<std::uint64_t, Job> jobs;
        bool ended = false;
    };
    std::string stream_ = "stream";
    std::deque<Event> events_, pending_;
    Kept kept_, now_;
};

}  // namespace apiary::test
