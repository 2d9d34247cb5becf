// The file of a program that is to be run, judged and opened.
#pragma once

#include <sys/types.h>

#include <string>
#include <variant>

#include "vm/unique_fd.hpp"

namespace apiary::plugin::host {

struct ProgramFile {
    std::string path;  // what is executed, unless `file` is there
    UniqueFd file;     // executed instead: somebody else could put another file in its place
    bool is_script = false;
};

struct ProgramFault {
    int error = 0;
    std::string text;  // for people, without the path
};

// A file that is `owner`'s and that nobody else can write to. Judged is what is executed, never a name. Where nobody
// but root and `owner` can change what the file's own name (that without links) stands for, it is executed by that
// name, so that a script knows its own name; else by the descriptor: a script is then called /dev/fd/3, which on
// FreeBSD needs fdescfs(5).
[[nodiscard]] auto open_owned(std::string const& path, uid_t owner) -> std::variant<ProgramFile, ProgramFault>;

// For reading, what `looked_at` (of O_PATH) is. Nothing: errno says why.
[[nodiscard]] auto open_again(int looked_at) -> UniqueFd;

}  // namespace apiary::plugin::host
