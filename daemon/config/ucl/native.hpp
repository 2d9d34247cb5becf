// Apiary's own configuration written in UCL: the sections and keys of bmd's language. docs/ucl.md tells how.
#pragma once

#include "config/syntax_reader.hpp"
#include "config/ucl/document.hpp"

namespace apiary::config::ucl {

[[nodiscard]] auto native_tree(Document const& document) -> ReadSyntax;

}  // namespace apiary::config::ucl
