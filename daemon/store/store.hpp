// What outlives the daemon, in one database: the journal of events and the numbers of VMs.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/sqlite_journal.hpp"
#include "vm/identities.hpp"

namespace apiary::store {

class Store {
public:
    // Gives `identities` the numbers that were stored; those that come are stored with the events of their turn. Throws
    // std::runtime_error: what is wrong with the file, and what to do.
    Store(Loop& loop, JournalOptions options, Identities& identities);
    Store(Store const&) = delete;
    auto operator=(Store const&) -> Store& = delete;

    [[nodiscard]] auto journal() -> SqliteJournal& { return *journal_; }

private:
    void restore();
    void write(Sqlite& database);

    Identities& identities_;
    std::unique_ptr<SqliteJournal> journal_;
    std::vector<std::pair<std::string, unsigned>> unwritten_;  // or written by a transaction that may have failed
};

}  // namespace apiary::store
