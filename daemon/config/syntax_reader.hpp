// Other ways to a tree than bmd's language. load.cpp calls these; who composes the program says which there are
// (LoadOptions).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/files.hpp"
#include "config/tree.hpp"

namespace apiary::config {

// What became of one file.
struct ReadSyntax {
    // Its texts point into its own `decoded`, or into the FileText::text that it was made from. An .include in the text
    // is an Include of the tree: the loader evaluates it, opens the files and reads them in their turn.
    Tree tree;
    // At most parser.hpp's most_syntax_errors of them. Where there is any, the loader marks the tree as failed.
    std::vector<std::pair<Position, std::string>> errors;
};

// A language that files are written in: UCL, for those whose name ends in .ucl.
class SyntaxReader {
public:
    virtual ~SyntaxReader() = default;

    // `files` all belong to `owner`; an answer for each, in their order. May block for a bounded time. Called once for
    // each owner and level of inclusion. The files stay where they are in memory until the load is over.
    [[nodiscard]] virtual auto read(uid_t owner, std::vector<FileText const*> const& files) const
        -> std::vector<ReadSyntax> = 0;
};

// Files of one VM each that another program has laid out: a vmstated folder.
class FolderReader {
public:
    virtual ~FolderReader() = default;

    struct File {
        std::unique_ptr<FileText> text;  // where it is: a tree points into it
        ReadSyntax syntax;
    };
    struct Refused {
        std::string name;  // of the file
        FileRefusal refusal;
    };
    struct Result {
        std::vector<File> files;  // in reading order
        std::vector<Refused> refused;
    };

    // Called once for each folder (of the options and of the global key vmstated_directory), after all other files have
    // been read, before templates are gathered. Opens everything through `files`, as `trusted` Asker; their owners are
    // those that `files` tells. `ucl` may be null. Its trees may hold vm and template sections, and no includes.
    [[nodiscard]] virtual auto read(std::string const& folder, Files& files, SyntaxReader const* ucl) const
        -> Result = 0;
};

}  // namespace apiary::config
