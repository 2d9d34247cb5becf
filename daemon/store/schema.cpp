// One step for each version. A step that was released is never changed: the next one mends it.
#include "store/schema.hpp"

#include <array>
#include <string>

namespace apiary::store {
namespace {

// "Apry": tells our files from everybody else's (see application_id in the list of SQLite's pragmas).
constexpr std::int64_t application_id = 0x41707279;

// Words and not numbers stand for states, reasons and types: the file can be read without the program, and a later
// version may put new ones anywhere into its enumerations.
constexpr auto first = R"sql(
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES ('checkpoints', 0);

CREATE TABLE event (
    seq           INTEGER PRIMARY KEY,
    vm_seq        INTEGER NOT NULL,
    wall          INTEGER NOT NULL,  -- microseconds since 1970
    mono          INTEGER NOT NULL,  -- nanoseconds of the host's steady clock, of its boot
    vm            TEXT NOT NULL,
    type          TEXT NOT NULL,
    state         TEXT NOT NULL,
    sub_state     TEXT NOT NULL,
    old_state     TEXT NOT NULL,
    old_sub_state TEXT NOT NULL,
    reason        TEXT NOT NULL,
    job           INTEGER NOT NULL,
    incarnation   INTEGER NOT NULL,
    details       TEXT NOT NULL,     -- JSON object of texts
    durable       INTEGER NOT NULL,
    owner         INTEGER NOT NULL,
    grp           INTEGER,
    visible       INTEGER NOT NULL,  -- to all
    size          INTEGER NOT NULL   -- bytes that it counts for in journal_max_size
);

-- The number of the last event of each VM, also where the event itself is long gone.
CREATE TABLE vm (
    name       TEXT PRIMARY KEY,
    last_event INTEGER NOT NULL
) WITHOUT ROWID;

-- Where each VM is in its life, and the jobs that have not ended: CBOR maps, see record_codec.cpp.
CREATE TABLE record (
    name       TEXT PRIMARY KEY,     -- as names are compared
    vm         BLOB NOT NULL,
    definition BLOB                  -- that this life began with
);
CREATE TABLE job (
    id  INTEGER PRIMARY KEY,
    job BLOB NOT NULL
);

CREATE TABLE identity (
    name TEXT PRIMARY KEY,           -- as names are compared
    id   INTEGER NOT NULL UNIQUE
) WITHOUT ROWID;
)sql";

constexpr std::array<char const*, schema_version> steps{first};

// The version that it has; throws where that is none of ours, or a later one.
auto usable_version(Sqlite& database) -> std::int64_t {
    auto const id = database.number("PRAGMA application_id");
    auto const version = database.number("PRAGMA user_version");
    bool const empty = database.number("SELECT count(*) FROM sqlite_schema") == 0;
    if (!empty && id != application_id) {
        throw SchemaError{"it is the database of another program"};
    }
    if (version > schema_version) {
        throw SchemaError{"it was written by a later version of apiaryd (schema " + std::to_string(version) +
                          ", this one knows up to " + std::to_string(schema_version) + ")"};
    }
    return version;
}

}  // namespace

void check_schema(Sqlite& database) {
    (void)usable_version(database);
}

void migrate(Sqlite& database) {
    auto const version = usable_version(database);
    if (version == schema_version) {
        return;
    }
    std::string script = "BEGIN IMMEDIATE;";
    for (auto i = static_cast<std::size_t>(version < 0 ? 0 : version); i < steps.size(); ++i) {
        script += steps.at(i);
    }
    script += "PRAGMA application_id = " + std::to_string(application_id) +
              "; PRAGMA user_version = " + std::to_string(schema_version) + "; COMMIT;";
    try {
        database.run(script.c_str());
    } catch (SqliteError const&) {
        if (database.in_transaction()) {
            database.run("ROLLBACK");
        }
        throw;
    }
}

auto schema_fault(std::string const& path) -> std::string {
    try {
        Sqlite database{path, Sqlite::Mode::existing};
        (void)usable_version(database);
    } catch (SchemaError const& error) {
        return error.what();
    } catch (SqliteError const&) {
        return {};
    }
    return {};
}

}  // namespace apiary::store
