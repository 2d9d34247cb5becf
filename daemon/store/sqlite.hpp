// SQLite with C++ lifetimes: a connection, a prepared statement, and what can go wrong with them.
//
// A connection and its statements belong to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace apiary::store {

class SqliteError : public std::runtime_error {
public:
    enum class Kind {
        full,     // no space, or a quota
        io,       // the device or the file system failed
        damaged,  // what is in the file is no database, or a broken one
        denied,   // the file or its folder may not be written
        busy,     // another process holds it
        other,
    };
    SqliteError(int code, std::string const& text);
    [[nodiscard]] auto kind() const -> Kind { return kind_; }
    [[nodiscard]] auto code() const -> int { return code_; }  // extended result code

private:
    Kind kind_;
    int code_;
};

[[nodiscard]] auto advice(SqliteError const& error) -> std::string;  // what to do, to follow the error after a colon

class Sqlite {
public:
    enum class Mode { create, existing };
    // Opens the file without following a symbolic link at its end. Never waits for a lock. With `create` the file and
    // those beside it (-wal, -shm) are nobody else's to read, whatever they were before.
    explicit Sqlite(std::string const& path, Mode mode);

    void run(char const* sql);                                   // any number of statements without results
    [[nodiscard]] auto number(char const* sql) -> std::int64_t;  // the one value of the one row; no row: 0
    [[nodiscard]] auto handle() const -> sqlite3* { return handle_.get(); }
    [[nodiscard]] auto in_transaction() const -> bool;

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

// One statement, used again and again. Texts that are bound must stay until reset(); bound values do not outlive it.
class Statement {
public:
    Statement(Sqlite& database, std::string_view sql);

    auto bind(int index, std::int64_t value) -> Statement&;  // from 1
    auto bind(int index, std::string_view text) -> Statement&;
    auto bind_bytes(int index, std::string_view bytes) -> Statement&;
    auto bind_null(int index) -> Statement&;

    [[nodiscard]] auto step() -> bool;  // true: there is a row
    void run();                         // a statement without results: step and reset
    void reset();

    [[nodiscard]] auto number(int column) const -> std::int64_t;     // from 0
    [[nodiscard]] auto text(int column) const -> std::string_view;   // valid until the next step or reset
    [[nodiscard]] auto bytes(int column) const -> std::string_view;  // likewise
    [[nodiscard]] auto is_null(int column) const -> bool;

private:
    void check(int code) const;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace apiary::store
