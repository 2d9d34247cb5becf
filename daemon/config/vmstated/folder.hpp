// A configuration folder of vmstated(8), as it is: a sub-folder for each VM, with a UCL file `config` in it.
#pragma once

#include "config/syntax_reader.hpp"
#include "config/ucl/reader.hpp"

namespace apiary::config::vmstated {

class Folder final : public FolderReader {
public:
    explicit Folder(ucl::ReaderOptions options) : options_{std::move(options)} {}

    [[nodiscard]] auto read(std::string const& folder, Files& files, SyntaxReader const* ucl) const -> Result override;

private:
    ucl::ReaderOptions options_;
};

}  // namespace apiary::config::vmstated
