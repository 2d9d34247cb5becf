// The tables of the database, and the way from older ones.
#pragma once

#include <stdexcept>
#include <string>

#include "store/sqlite.hpp"

namespace apiary::store {

// The file is of a later Apiary, or of another program.
class SchemaError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

inline constexpr int schema_version = 1;

// Throws SchemaError where the file is none of ours, or of a later version; writes nothing.
void check_schema(Sqlite& database);

// Makes the tables, or brings older ones up to schema_version; all or nothing. Throws SchemaError and SqliteError.
void migrate(Sqlite& database);

// Why this program could not use a database that another one may have open; empty: nothing is known against it (there
// is none yet, or it cannot be looked at now).
[[nodiscard]] auto schema_fault(std::string const& path) -> std::string;

}  // namespace apiary::store
