// The journal in SQLite: what was committed survives the death of the process at any instant.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/checkpointer.hpp"
#include "store/sqlite.hpp"
#include "vm/event.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::store {

struct JournalOptions {
    std::string path;  // of the database
    std::string
        undurable_path;  // a byte that says: events were published that are not in it; on another device if possible
    std::string boot;    // names this boot of the host
    std::int64_t max_bytes = std::int64_t{64} * 1024 * 1024;
    Duration max_age = std::chrono::hours{24 * 30};
    std::size_t recent = 4096;    // events kept in memory for readers that are nearly up to date
    std::size_t backlog = 16384;  // events kept for a disk that cannot take them now
    int checkpoint_pages = 1000;
    std::function<void(std::string const&)> report;  // what a person should know of the disk; may be empty
};

class SqliteJournal : public Journal {
public:
    // Opens or makes the database; throws SqliteError and SchemaError.
    SqliteJournal(Loop& loop, JournalOptions options);
    ~SqliteJournal() override;

    // The orderly end: after it a power cut costs nothing either. Waits for the disk.
    void settle();

    void append(Event& event) override;
    auto commit() -> bool override;
    [[nodiscard]] auto ready() const -> bool override { return checkpointer_.ready(); }
    void when_ready(std::function<void()> callback) override { checkpointer_.when_ready(std::move(callback)); }
    [[nodiscard]] auto stream() const -> std::string const& override { return stream_; }
    [[nodiscard]] auto last() const -> std::uint64_t override { return last_; }
    [[nodiscard]] auto read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
        -> Page override;

    [[nodiscard]] auto fault() const -> std::string override { return fault_; }
    // What is written in the same transactions.
    class Companion {
    public:
        virtual ~Companion() = default;
        [[nodiscard]] virtual auto changed() const -> bool = 0;  // there is something to be written
        virtual void write(Sqlite& database) = 0;                // again, where the last transaction did not hold
        virtual void written() = 0;                              // it held
    };
    void accompany(Companion& companion) { companions_.push_back(&companion); }
    // What is beyond them goes as new events come.
    void set_bounds(std::int64_t max_bytes, Duration max_age) {
        options_.max_bytes = max_bytes;
        options_.max_age = max_age;
    }
    [[nodiscard]] auto database() -> Sqlite& { return database_; }

    [[nodiscard]] auto last_of(std::string_view vm) const -> std::uint64_t override;
    [[nodiscard]] auto database_heap() const -> std::uint64_t override;  // of all of SQLite in this process

private:
    struct Statements;
    void recover();
    void synced(char const* key, std::string_view value);
    void mark_undurable(bool undurable);
    void failed(std::string why);
    void write();
    void write_gap();
    void prune();
    [[nodiscard]] auto read_stored(std::uint64_t after, std::size_t max,
                                   std::function<bool(Event const&)> const& wanted) const -> Page;

    Loop& loop_;
    JournalOptions options_;
    mutable Sqlite database_;
    std::unique_ptr<Statements> statements_;
    std::vector<Companion*> companions_;
    Checkpointer checkpointer_;
    UniqueFd undurable_;
    bool marked_ = false;
    std::string stream_, fault_;
    std::uint64_t last_ = 0, oldest_ = 0;  // oldest_: 0 while there is none
    std::int64_t bytes_ = 0;
    std::deque<Event> recent_;   // the newest, all that is committed or pending among them
    std::deque<Event> pending_;  // not yet in the database
    // The number of each VM's last event: in the database, and where it is yet to be written there.
    std::map<std::string, std::uint64_t, std::less<>> last_stored_, last_pending_;
    std::optional<Event> gap_;        // stands for events that will never be in the database: the last of them
    std::uint64_t gap_from_ = 0;      // … and the number of the first
    mutable std::deque<Event> page_;  // of the last read from the database
};

}  // namespace apiary::store
