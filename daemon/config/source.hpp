// A file while it is worked on.
#pragma once

#include <cstddef>
#include <deque>

#include "config/evaluate.hpp"
#include "config/files.hpp"
#include "config/tree.hpp"

namespace apiary::config {

struct SourceFile {
    FileText const* text = nullptr;
    std::size_t index = 0;  // in reading order
    Provenance from;
    Tree tree;
};

// In reading order. They stay where they are: a tree's texts, and all that marks a place, point at them.
using SourceFiles = std::deque<SourceFile>;

}  // namespace apiary::config
