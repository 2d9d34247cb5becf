// Carries what was committed from the write-ahead log into the database, off the loop.
//
// A commit of the loop's connection syncs nothing (but see usual_sync in sqlite_journal.cpp for a rare case): it costs
// a write(2) into the page cache. What must be synced is synced here, on the pool's threads and by a second connection:
// before each checkpoint the log, after it the database, and at last the first header of the log's next round, which
// somebody has to write: were the loop to do it, it would wait for the disk. While that last part goes on, ready() is
// false: the loop's commit would only meet a lock. A disk that hangs in it must not hold up all turns: after `patience`
// ready() is true all the same, commits do meet the lock, and who commits learns that nothing can be written.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/sqlite.hpp"
#include "vm/loop.hpp"

namespace apiary::store {

class Checkpointer {
public:
    // Far longer than a disk takes that is only busy, and well below the 25 s that a D-Bus caller waits for its reply.
    static constexpr Duration patience = std::chrono::seconds{5};

    // `pages`: length of the log from which on it is worth while. `report`: the disk does not take it, or takes it
    // again; one text for each change; may be empty.
    Checkpointer(Loop& loop, std::string path, int pages, std::function<void(std::string const&)> report);
    ~Checkpointer();
    Checkpointer(Checkpointer const&) = delete;
    auto operator=(Checkpointer const&) -> Checkpointer& = delete;

    // Once the database is there, and before the first commit. A checkpoint opens nothing then: it goes on in a process
    // that has run out of descriptors. Throws SqliteError.
    void open();
    void log_has(int pages);  // after a commit
    [[nodiscard]] auto ready() const -> bool { return !closing_round_; }
    // A round has not ended within `patience`: commits meet its lock.
    [[nodiscard]] auto hangs() const -> bool { return hangs_; }
    // Runs once, when ready() is true again; where it is, on a later turn.
    void when_ready(std::function<void()> callback);

private:
    struct Work;
    void begin();
    void end_round();
    void done(bool well);
    void out_of_patience();
    void become_ready();
    void tell();

    Loop& loop_;
    std::shared_ptr<Work> work_;
    std::shared_ptr<bool> alive_;
    std::function<void(std::string const&)> report_;
    int pages_, length_ = 0, tried_at_ = 0;  // length_: of the log, in pages
    bool trouble_ = false;
    bool busy_ = false, closing_round_ = false, hangs_ = false;
    Handle patience_;  // while a round is being closed
    std::vector<std::function<void()>> waiting_;
};

}  // namespace apiary::store
