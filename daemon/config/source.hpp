// Files of configuration: how they are opened, and whose word they are.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <variant>

#include "config/diagnostic.hpp"
#include "config/evaluate.hpp"
#include "config/tree.hpp"

namespace apiary::config {

inline constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

struct FileText {
    std::string name;  // for messages
    uid_t owner = 0;
    std::string text;
};

// Why a file was not read, and whose trouble that is: his alone where he is known and not root. Of a file that is not
// there it is the owner of the folder that it is missing in.
struct FileRefusal {
    Diagnostic diagnostic;
    bool owner_known = false;
    uid_t owner = 0;
};

// Reads a regular file of bounded size that nobody but its owner can write (for a user's file: he and his group). A
// symbolic link is followed if it belongs to root or to the owner of its target.
[[nodiscard]] auto read_file(std::string const& path, uid_t trusted_uid) -> std::variant<FileText, FileRefusal>;

// A file while it is worked on.
struct SourceFile {
    FileText const* text = nullptr;
    std::size_t index = 0;  // in reading order
    Provenance from;
    Tree tree;
};

}  // namespace apiary::config
