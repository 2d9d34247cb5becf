// A database that is damaged in part.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "store/sqlite.hpp"

namespace apiary::test {

// As a disk does that gives another block than the one that was written. Nobody else has the file open.
inline void spoil_table(std::filesystem::path const& path, std::string const& table) {
    std::int64_t page = 0;
    std::int64_t size = 0;
    {
        store::Sqlite database{path, store::Sqlite::Mode::existing};
        page = database.number(("SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'").c_str());
        size = database.number("PRAGMA page_size");
    }
    ASSERT_GT(page, 1);
    std::fstream file{path, std::ios::binary | std::ios::in | std::ios::out};
    file.seekp((page - 1) * size);
    file << std::string(static_cast<std::size_t>(size), 'x');
    ASSERT_TRUE(file.flush().good());
}

}  // namespace apiary::test
