// Opening, with words for whoever has to mend it; and what goes into the transactions besides events.
#include "store/store.hpp"

#include <stdexcept>

#include "store/schema.hpp"
#include "vm/kill_point.hpp"

namespace apiary::store {
Store::Store(Loop& loop, JournalOptions options, Identities& identities) : identities_{identities} {
    auto const path = options.path;
    auto boot = options.boot;
    try {
        journal_ = std::make_unique<SqliteJournal>(loop, std::move(options));
        memory_ = std::make_unique<MemoryTable>(journal_->database(), std::move(boot));
        restore();
    } catch (SqliteError const& error) {
        throw std::runtime_error{"state database " + path + ": " + error.what() + ": " + advice(error)};
    } catch (SchemaError const& error) {
        throw std::runtime_error{"state database " + path + ": " + error.what() +
                                 ": install that one again, or give this one a --state-dir of its own"};
    }
    journal_->accompany(*this);
}

void Store::restore() {
    std::vector<std::pair<std::string, unsigned>> stored;
    Statement rows{journal_->database(), "SELECT name, id FROM identity"};
    while (rows.step()) {
        stored.emplace_back(rows.text(0), static_cast<unsigned>(rows.number(1)));
    }
    identities_.restore(stored);
}

auto Store::changed() const -> bool {
    return memory_->changed();  // a number without an event may wait: nobody has heard of it
}

void Store::write(Sqlite& database) {
    memory_->write();
    auto fresh = identities_.take_new();
    unwritten_.insert(unwritten_.end(), fresh.begin(), fresh.end());
    if (unwritten_.empty()) {
        return;
    }
    Statement insert{database, "INSERT OR IGNORE INTO identity VALUES (?1, ?2)"};
    for (auto const& [name, id] : unwritten_) {
        insert.bind(1, name).bind(2, std::int64_t{id}).run();
    }
    APIARY_KILL_POINT("identity.written");
}

void Store::written() {
    memory_->written();
    unwritten_.clear();
}

}  // namespace apiary::store
