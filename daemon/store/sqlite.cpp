// The few calls of SQLite that the store needs.
#include "store/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "vm/unique_fd.hpp"

namespace apiary::store {
namespace {

auto kind_of(int code) -> SqliteError::Kind {
    switch (code & 0xff) {
        case SQLITE_FULL:
            return SqliteError::Kind::full;
        case SQLITE_IOERR:
            return SqliteError::Kind::io;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return SqliteError::Kind::damaged;
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
        case SQLITE_AUTH:
            return SqliteError::Kind::denied;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return SqliteError::Kind::busy;
        default:
            return SqliteError::Kind::other;
    }
}

[[noreturn]] void fail(sqlite3* handle, int code) {
    throw SqliteError{handle != nullptr ? sqlite3_extended_errcode(handle) : code,
                      handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code)};
}

// SQLite makes a file with the umask's rights, and those beside it like it. By name, never opened: to close a
// descriptor of a database is to lose the locks that the process has on it. What cannot be changed (a disk that cannot
// be written) stays: the folder is closed to others all the same.
void hide(std::string const& path) {
    UniqueFd const fresh{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)};
    for (auto const* const beside : {"", "-wal", "-shm"}) {
        auto const file = path + beside;
        struct stat status {};
        if (::lstat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077U) != 0) {
            static_cast<void>(::chmod(file.c_str(), status.st_mode & 0700U));
        }
    }
}

}  // namespace

auto advice(SqliteError const& error) -> std::string {
    using enum SqliteError::Kind;
    switch (error.kind()) {
        case full:
            return "make room on its disk";
        case io:
            return "look at the disk (dmesg)";
        case damaged:
            return "put a copy of it back, or move it and its -wal and -shm files away: the numbers of the VMs and the "
                   "journal of events begin anew then, and guests that run are found by their run folders";
        case denied:
            return "it and its folder must belong to the daemon's user, who must be able to write them";
        case busy:
            return "another program holds it open (fuser says which)";
        case other:
            break;
    }
    return "see sqlite.org/rescode.html for the code " + std::to_string(error.code());
}

SqliteError::SqliteError(int code, std::string const& text)
    : std::runtime_error{text}, kind_{kind_of(code)}, code_{code} {}

void Sqlite::Close::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

Sqlite::Sqlite(std::string const& path, Mode mode) {
    sqlite3* opened = nullptr;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    if (mode == Mode::create) {
        flags |= SQLITE_OPEN_CREATE;
        hide(path);
    }
    int const code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
    handle_.reset(opened);
    if (code != SQLITE_OK) {
        fail(opened, code);
    }
    sqlite3_busy_timeout(opened, 0);
    // What is in the file is data: no function or view in a damaged one may do more than that.
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
}

void Sqlite::run(char const* sql) {
    if (int const code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) {
        fail(handle_.get(), code);
    }
}

auto Sqlite::number(char const* sql) -> std::int64_t {
    Statement statement{*this, sql};
    return statement.step() ? statement.number(0) : 0;
}

auto Sqlite::in_transaction() const -> bool {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Statement::Statement(Sqlite& database, std::string_view sql) {
    sqlite3_stmt* prepared = nullptr;
    int const code = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    statement_.reset(prepared);
    if (code != SQLITE_OK) {
        fail(database.handle(), code);
    }
}

void Statement::check(int code) const {
    if (code != SQLITE_OK) {
        fail(sqlite3_db_handle(statement_.get()), code);
    }
}

auto Statement::bind(int index, std::int64_t value) -> Statement& {
    check(sqlite3_bind_int64(statement_.get(), index, value));
    return *this;
}

auto Statement::bind(int index, std::string_view text) -> Statement& {
    // A text without storage would be bound as NULL.
    check(sqlite3_bind_text64(statement_.get(), index, text.data() != nullptr ? text.data() : "", text.size(),
                              SQLITE_STATIC, SQLITE_UTF8));
    return *this;
}

auto Statement::bind_bytes(int index, std::string_view bytes) -> Statement& {
    check(sqlite3_bind_blob64(statement_.get(), index, bytes.data() != nullptr ? bytes.data() : "", bytes.size(),
                              SQLITE_STATIC));
    return *this;
}

auto Statement::bind_null(int index) -> Statement& {
    check(sqlite3_bind_null(statement_.get(), index));
    return *this;
}

auto Statement::step() -> bool {
    int const code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) {
        return true;
    }
    if (code != SQLITE_DONE) {
        auto* const handle = sqlite3_db_handle(statement_.get());
        int const extended = sqlite3_extended_errcode(handle);
        std::string const text{sqlite3_errmsg(handle)};
        reset();  // which may forget both
        throw SqliteError{extended, text};
    }
    return false;
}

void Statement::run() {
    (void)step();
    reset();
}

void Statement::reset() {
    sqlite3_reset(statement_.get());  // gives again what step() gave
    sqlite3_clear_bindings(statement_.get());
}

auto Statement::number(int column) const -> std::int64_t {
    return sqlite3_column_int64(statement_.get(), column);
}

auto Statement::text(int column) const -> std::string_view {
    auto const* const data = reinterpret_cast<char const*>(sqlite3_column_text(statement_.get(), column));
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data != nullptr ? std::string_view{data, size} : std::string_view{};
}

auto Statement::bytes(int column) const -> std::string_view {
    auto const* const data = static_cast<char const*>(sqlite3_column_blob(statement_.get(), column));
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data != nullptr ? std::string_view{data, size} : std::string_view{};
}

auto Statement::is_null(int column) const -> bool {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

}  // namespace apiary::store
