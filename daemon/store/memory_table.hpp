// The engine's memory as two tables: VMs and jobs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "store/sqlite.hpp"
#include "vm/memory.hpp"

namespace apiary::store {

class MemoryTable : public Memory {
public:
    // Reads what there is, so that a database that is damaged is found out before anything relies on it; throws
    // SqliteError. `boot`: names this boot of the host.
    MemoryTable(Sqlite& database, std::string boot);
    ~MemoryTable() override;
    MemoryTable(MemoryTable const&) = delete;
    auto operator=(MemoryTable const&) -> MemoryTable& = delete;

    void keep(VmRecord record) override;
    void keep(Job const& job) override;
    void forget_vm(std::string_view name) override;
    void forget_job(std::uint64_t id) override;
    void note_end() override { end_ = End::noted; }
    [[nodiscard]] auto recover() -> Recovered override;

    // Within a transaction: what changed since the last one that held.
    void write();
    void written();  // it held
    [[nodiscard]] auto changed() const -> bool { return !vms_.empty() || !jobs_.empty() || end_ != End::as_it_was; }

private:
    void read();
    // Of a VM: nothing means that it is to be forgotten.
    std::map<std::string, std::optional<VmRecord>, std::less<>> vms_;
    std::map<std::uint64_t, std::optional<Job>> jobs_;
    std::unordered_set<std::uint64_t> stored_jobs_;  // ids that are in the table
    Recovered found_;                                // until somebody asks for it
    // The definitions that are in the table, so that one is written only when it is another.
    std::unordered_map<std::string, DefinitionPtr> definitions_;
    std::unordered_map<std::string, DefinitionPtr> definitions_if_held_;
    Sqlite& database_;
    struct Statements;
    std::unique_ptr<Statements> statements_;  // from the first write on
    std::string boot_;
    enum class End { as_it_was, noted, taken_up };
    End end_ = End::as_it_was;
};

}  // namespace apiary::store
