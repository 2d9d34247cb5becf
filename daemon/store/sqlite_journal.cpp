// One transaction for each turn of the loop; a few of the oldest events go in the same transaction as new ones come.
#include "store/sqlite_journal.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "store/event_row.hpp"
#include "store/ring_journal.hpp"
#include "store/schema.hpp"
#include "vm/kill_point.hpp"

namespace apiary::store {
namespace {

// One answer looks at no more than this many events: a filter that fits nothing must not hold the loop.
constexpr std::size_t looked_at_in_memory = 20'000, looked_at_in_file = 2'000;
// Two old ones go for each new one, so that a bound that was lowered is reached in steady small steps.
constexpr std::int64_t pruned_for_each = 2, pruned_at_least = 16;
// In WAL mode a commit syncs nothing with NORMAL either, and checkpoints are the Checkpointer's. What is synced is the
// header where this connection begins the log anew by itself, which it does rarely: it commits between the end of a
// checkpoint that carried everything and the Checkpointer's own first commit, or that one was put off by a reader. With
// OFF the new frames could reach the disk before the header does, and a power cut would leave a log of two rounds.
constexpr auto usual_sync = "PRAGMA synchronous = NORMAL;";

}  // namespace

struct SqliteJournal::Statements {
    explicit Statements(Sqlite& database)
        : insert{database, insert_event},
          remember{database, "INSERT INTO vm VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET last_event = ?2"},
          page{database, "SELECT " + std::string{event_columns} + " FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2"},
          oldest{database, "SELECT seq, size, wall FROM event ORDER BY seq LIMIT ?1"},
          remove{database, "DELETE FROM event WHERE seq <= ?1"} {}
    Statement insert, remember, page, oldest, remove;
};

SqliteJournal::SqliteJournal(Loop& loop, JournalOptions options)
    : loop_{loop},
      options_{std::move(options)},
      database_{options_.path, Sqlite::Mode::create},
      checkpointer_{loop, options_.path, options_.checkpoint_pages, options_.report} {
    check_schema(database_);  // the first pragma would convert the file of another program
    database_.run("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;");
    database_.run("PRAGMA cache_size = -256;");
    database_.run(usual_sync);
    migrate(database_);
    checkpointer_.open();
    APIARY_KILL_POINT("store.opened");
    statements_ = std::make_unique<Statements>(database_);
    undurable_.reset(
        ::open(options_.undurable_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    sqlite3_wal_hook(
        database_.handle(),
        [](void* self, sqlite3*, char const*, int pages) {
            static_cast<SqliteJournal*>(self)->checkpointer_.log_has(pages);
            return SQLITE_OK;
        },
        this);
    recover();
}

// The last connection that closes carries the whole log into the database: what it writes there must be on the disk
// before the log is removed.
SqliteJournal::~SqliteJournal() {
    try {
        database_.run("PRAGMA synchronous = FULL;");
    } catch (SqliteError const&) {  // then it cannot carry anything either
    }
}

// `unsettled` names the boot in which somebody wrote without syncing. Another boot than this one: the power may have
// been cut then, and what was published last may be lost.
void SqliteJournal::recover() {
    auto const stored = [this](std::string_view key) {
        Statement read{database_, "SELECT value FROM meta WHERE key = ?1"};
        return read.bind(1, key).step() ? std::string{read.text(0)} : std::string{};
    };
    last_ = static_cast<std::uint64_t>(database_.number("SELECT max(seq) FROM event"));
    oldest_ = static_cast<std::uint64_t>(database_.number("SELECT min(seq) FROM event"));
    bytes_ = database_.number("SELECT sum(size) FROM event");
    Statement vms{database_, "SELECT name, last_event FROM vm"};
    while (vms.step()) {
        last_stored_.emplace(vms.text(0), static_cast<std::uint64_t>(vms.number(1)));
    }
    vms.reset();
    char mark = '0';
    auto const unsettled = stored("unsettled");
    bool const lost = (undurable_ && ::pread(undurable_.get(), &mark, 1, 0) == 1 && mark == '1') ||
                      (!unsettled.empty() && unsettled != options_.boot);
    stream_ = stored("stream");
    if (lost || stream_.empty()) {
        // Numbers were given away that the database does not know of: what follows is a numbering of its own.
        stream_ = make_stream_id();
        synced("stream", stream_);
    }
    if (unsettled != options_.boot) {
        synced("unsettled", options_.boot);
    }
    mark_undurable(false);
    APIARY_KILL_POINT("store.recovered");
}

void SqliteJournal::synced(char const* key, std::string_view value) {
    database_.run("PRAGMA synchronous = FULL;");
    Statement{database_, "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2"}
        .bind(1, key)
        .bind(2, value)
        .run();
    APIARY_KILL_POINT("store.synced");
    database_.run(usual_sync);
}

void SqliteJournal::settle() {
    constexpr int patience_ms = 5000;  // with a checkpoint that goes on
    sqlite3_busy_timeout(database_.handle(), patience_ms);
    try {
        if (commit()) {
            synced("unsettled", {});
            APIARY_KILL_POINT("end.settled");
        }
    } catch (SqliteError const&) {  // as if the power had been cut: the next boot numbers anew
    }
}

// The byte is there from the start, so that writing it needs no space.
void SqliteJournal::mark_undurable(bool undurable) {
    char const mark = undurable ? '1' : '0';
    if (undurable_ && ::pwrite(undurable_.get(), &mark, 1, 0) == 1) {
        marked_ = undurable;
    }
}

void SqliteJournal::append(Event& event) {
    event.seq = ++last_;
    if (event.type == EventType::job_new) {
        event.job = event.seq;
    }
    pending_.push_back(event);
    if (!event.vm.empty()) {
        last_pending_.insert_or_assign(event.vm, event.vm_seq);
    }
    if (pending_.size() > options_.backlog) {
        gap_from_ = gap_ ? gap_from_ : pending_.front().seq;
        gap_ = std::move(pending_.front());
        pending_.pop_front();
    }
    recent_.push_back(event);
    if (recent_.size() > options_.recent) {
        recent_.pop_front();
    }
}

auto SqliteJournal::commit() -> bool {
    bool const more = std::any_of(companions_.begin(), companions_.end(),
                                  [](Companion const* companion) { return companion->changed(); });
    if (pending_.empty() && !more && fault_.empty()) {
        return true;
    }
    auto const bytes = bytes_;
    auto const oldest = oldest_;
    try {
        database_.run("BEGIN IMMEDIATE");
        APIARY_KILL_POINT("commit.begun");
        write();
        prune();
        for (auto* const companion : companions_) {
            companion->write(database_);
        }
        APIARY_KILL_POINT("commit.written");
        database_.run("COMMIT");
        APIARY_KILL_POINT("commit.held");
    } catch (SqliteError const& error) {
        bytes_ = bytes;  // of what there is again; to count it would hold the loop each time
        oldest_ = oldest;
        bool const disk_hangs = error.kind() == SqliteError::Kind::busy && checkpointer_.hangs();
        failed(disk_hangs ? "its disk does not answer: look at it (dmesg)"
                          : std::string{error.what()} + ": " + advice(error));
        return false;
    }
    for (auto* const companion : companions_) {
        companion->written();
    }
    pending_.clear();
    for (auto const& [vm, last] : last_pending_) {
        last_stored_.insert_or_assign(vm, last);
    }
    last_pending_.clear();
    gap_.reset();
    fault_.clear();
    if (marked_) {
        mark_undurable(false);
    }
    return true;
}

void SqliteJournal::failed(std::string why) {
    fault_ = std::move(why);
    if (database_.in_transaction()) {
        try {
            database_.run("ROLLBACK");
        } catch (SqliteError const&) {  // it was rolled back by itself
        }
    }
    for (auto* const list : {&pending_, &recent_}) {
        for (auto event = list->rbegin();
             !pending_.empty() && event != list->rend() && event->seq >= pending_.front().seq; ++event) {
            event->durable = false;
        }
    }
    if (!marked_ && !pending_.empty()) {
        mark_undurable(true);
    }
}

void SqliteJournal::write() {
    write_gap();
    for (auto const& event : pending_) {
        auto const details = details_text(event);
        write_event(statements_->insert, event, details);
        bytes_ += size_of(event, details);
    }
    // Also of those whose events were too many to be kept until now.
    for (auto const& [vm, last] : last_pending_) {
        statements_->remember.bind(1, vm).bind(2, static_cast<std::int64_t>(last)).run();
    }
    if (oldest_ == 0 && !pending_.empty()) {
        oldest_ = gap_ ? gap_->seq : pending_.front().seq;
    }
}

// More happened while the disk took nothing than is kept in memory: whoever reads on over that is told so, by a record
// in the place of the last that is missing.
void SqliteJournal::write_gap() {
    if (!gap_) {
        return;
    }
    Event told;
    told.seq = gap_->seq;
    told.wall = gap_->wall;
    told.mono = gap_->mono;
    told.durable = false;
    told.audience.visibility = Visibility::all;
    told.details = {{"text", "events " + std::to_string(gap_from_) + " to " + std::to_string(gap_->seq) +
                                 " are missing: the journal could not be written for too long"},
                    {"lost-from", std::to_string(gap_from_)},
                    {"lost-through", std::to_string(gap_->seq)}};
    auto const details = details_text(told);
    write_event(statements_->insert, told, details);
    bytes_ += size_of(told, details);
}

void SqliteJournal::prune() {
    auto const most = std::max(pruned_at_least, pruned_for_each * static_cast<std::int64_t>(pending_.size()));
    auto const too_old = (loop_.wall() - std::chrono::duration_cast<std::chrono::microseconds>(options_.max_age))
                             .time_since_epoch()
                             .count();
    std::int64_t through = 0;
    auto& oldest = statements_->oldest.bind(1, most);
    // The newest one stays whatever its age: its number is what the next one counts on from.
    while (oldest.step() && oldest.number(0) < static_cast<std::int64_t>(last_) &&
           (bytes_ > options_.max_bytes || oldest.number(2) < too_old)) {
        through = oldest.number(0);
        bytes_ -= oldest.number(1);
    }
    oldest.reset();
    if (through > 0) {
        statements_->remove.bind(1, through).run();
        oldest_ = static_cast<std::uint64_t>(through) + 1;
    }
}

auto SqliteJournal::read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
    -> Page {
    auto const in_memory = recent_.empty() ? last_ + 1 : recent_.front().seq;
    if (after + 1 < in_memory && after < last_) {
        return read_stored(after, max, wanted);
    }
    Page page;
    page.oldest = oldest_ != 0 ? oldest_ : recent_.empty() ? 0 : recent_.front().seq;
    page.complete_through = std::min(after, last_);
    std::size_t looked_at = 0;
    for (auto i = static_cast<std::size_t>(after + 1 - in_memory);
         i < recent_.size() && page.events.size() < max && looked_at < looked_at_in_memory; ++i, ++looked_at) {
        page.complete_through = recent_[i].seq;
        if (wanted(recent_[i])) {
            page.events.push_back(&recent_[i]);
        }
    }
    return page;
}

auto SqliteJournal::read_stored(std::uint64_t after, std::size_t max,
                                std::function<bool(Event const&)> const& wanted) const -> Page {
    Page page;
    page.oldest = oldest_ != 0 ? oldest_ : recent_.empty() ? 0 : recent_.front().seq;
    if (after + 1 < page.oldest) {
        page.truncated = true;
        page.complete_through = after;
        return page;
    }
    page.complete_through = after;
    page_.clear();
    auto& rows = statements_->page.bind(1, static_cast<std::int64_t>(after))
                     .bind(2, static_cast<std::int64_t>(looked_at_in_file));
    try {
        while (page_.size() < max && rows.step()) {
            auto event = read_event(rows);
            page.complete_through = event.seq;
            if (wanted(event)) {
                page_.push_back(std::move(event));
            }
        }
    } catch (SqliteError const&) {  // what was read so far is right; the rest is asked for again
    }
    rows.reset();
    for (auto const& event : page_) {
        page.events.push_back(&event);
    }
    return page;
}

auto SqliteJournal::last_of(std::string_view vm) const -> std::uint64_t {
    if (auto const pending = last_pending_.find(vm); pending != last_pending_.end()) {
        return pending->second;
    }
    auto const stored = last_stored_.find(vm);
    return stored != last_stored_.end() ? stored->second : 0;
}

auto SqliteJournal::database_heap() const -> std::uint64_t {
    return static_cast<std::uint64_t>(sqlite3_memory_used());
}

}  // namespace apiary::store
