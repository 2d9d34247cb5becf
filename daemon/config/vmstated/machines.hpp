// The text of a `config` of vmstated to the neutral tree: its objects are VMs, its words for things become ours.
#pragma once

#include <string>

#include "config/syntax_reader.hpp"
#include "config/ucl/document.hpp"

namespace apiary::config::vmstated {

struct Home {
    std::string folder;    // that the file is in
    bool scripts = false;  // there are hook scripts in it
};

[[nodiscard]] auto machines(ucl::Document const& document, Home const& home) -> ReadSyntax;

}  // namespace apiary::config::vmstated
