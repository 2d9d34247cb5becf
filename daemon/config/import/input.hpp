// The files of an import: opened by the rules of config/files.hpp, bounded, and with their line ends put right.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.hpp"
#include "config/import/sheet.hpp"

namespace apiary::config {

class Input {
public:
    static constexpr std::size_t most_bytes = 4 * largest_file;  // of all files of one import

    Input(Sheet& sheet, ImportOptions const& options);

    // Null: it cannot be read, which is told as an error. Valid as long as this object.
    auto read(std::string const& path) -> FileText const*;
    // Null as well where there is no such file, of which nothing is told.
    auto read_if_there(std::string const& path) -> FileText const*;

    // Names in a folder, sorted. Nothing: it is no folder, or may not be looked into.
    auto list(std::string const& folder) -> std::optional<std::vector<std::string>>;

private:
    auto take(std::string const& path, FileText text) -> FileText const*;

    Sheet& sheet_;
    std::unique_ptr<Files> own_;
    Files& opener_;
    std::deque<FileText> files_;
    std::size_t bytes_ = 0;
};

// Without a slash at its end, and from the root.
[[nodiscard]] auto full_path(std::string const& path) -> std::string;

}  // namespace apiary::config
