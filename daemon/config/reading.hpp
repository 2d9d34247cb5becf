// From paths to trees: all files of a load, those that they include, and folders of other programs.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/context.hpp"
#include "config/include.hpp"
#include "config/load.hpp"
#include "config/source.hpp"

namespace apiary::config {

class Reading {
public:
    Reading(Context& context, Files* files) : context_{context}, files_{files}, includes_{context, files} {}

    void add(FileText const& text);  // which must stay where it is
    void add(std::string const& path);

    // Reads what was added, and what that includes: level by level, so that the nearest comes first.
    void run();

    // Of other programs, after that. Their files come last.
    void read_folder(std::string const& path);

    [[nodiscard]] auto files() -> SourceFiles& { return sources_; }
    // A trusted file is wrong, or was named on its own and not read.
    [[nodiscard]] auto failed() const -> bool { return failed_; }
    void fail(SourceFile& file);
    // Of everything that was read or refused.
    void list(LoadResult& result);

private:
    auto enter(FileText const& text) -> SourceFile&;
    void refuse(std::string const& path, std::string message, Asker const& trouble_of);
    void read_bmd(SourceFile& file);
    void read_ucl(std::size_t from);
    void take_syntax(SourceFile& file, ReadSyntax syntax, bool of_folder = false);

    Context& context_;
    Files* files_;
    Includes includes_;
    std::deque<FileText> texts_;                          // that were read here
    std::vector<std::unique_ptr<FileText>> other_texts_;  // of folders
    SourceFiles sources_;
    std::vector<Includes::Refused> refused_;
    std::size_t next_ = 0;  // the first one that was not read yet
    bool failed_ = false;
};

}  // namespace apiary::config
