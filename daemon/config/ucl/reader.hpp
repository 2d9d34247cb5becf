// UCL for the loader: a child for each owner of files, all his texts in one go.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/syntax_reader.hpp"
#include "config/ucl/document.hpp"

namespace apiary::config::ucl {

struct ReaderOptions {
    std::string program;  // apiary-ucl
    // For one file, and for all of an owner together: this, and as much again for each 4 MiB of their texts.
    std::chrono::milliseconds patience_each{5'000}, patience_all{20'000};
};

class Reader final : public SyntaxReader {
public:
    explicit Reader(ReaderOptions options);

    [[nodiscard]] auto read(uid_t owner, std::vector<FileText const*> const& files) const
        -> std::vector<ReadSyntax> override;

private:
    ReaderOptions options_;
};

// What the files say, before it means anything: a document, or what is wrong.
struct Parsed {
    std::optional<Document> document;
    std::pair<Position, std::string> error{};
};
[[nodiscard]] auto parse_documents(ReaderOptions const& options, uid_t owner, std::vector<FileText const*> const& files)
    -> std::vector<Parsed>;

}  // namespace apiary::config::ucl
