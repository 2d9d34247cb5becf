// What outlives the daemon, in one database: the journal of events, the numbers of VMs, the engine's memory.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/memory_table.hpp"
#include "store/sqlite_journal.hpp"
#include "vm/identities.hpp"

namespace apiary::store {

class Store : private SqliteJournal::Companion {
public:
    // Reads all that the daemon asks of it later, but for old events: from here on no read can fail that it relies on.
    // Gives `identities` the numbers that were stored; those that come are stored with the events of their turn. Throws
    // std::runtime_error: what is wrong with the file, and what to do.
    Store(Loop& loop, JournalOptions options, Identities& identities);
    Store(Store const&) = delete;
    auto operator=(Store const&) -> Store& = delete;

    // At the orderly end, after all else: waits for the disk.
    void settle() { journal_->settle(); }
    [[nodiscard]] auto journal() -> SqliteJournal& { return *journal_; }
    [[nodiscard]] auto memory() -> Memory& { return *memory_; }

private:
    void restore();
    [[nodiscard]] auto changed() const -> bool override;
    void write(Sqlite& database) override;
    void written() override;

    Identities& identities_;
    std::unique_ptr<SqliteJournal> journal_;
    std::unique_ptr<MemoryTable> memory_;
    std::vector<std::pair<std::string, unsigned>> unwritten_;
};

}  // namespace apiary::store
