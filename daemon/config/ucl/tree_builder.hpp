// What everybody needs who makes a tree of a document: where it goes, its values, and its errors.
#pragma once

#include <string>
#include <utility>

#include "config/parser.hpp"
#include "config/syntax_reader.hpp"
#include "config/ucl/document.hpp"
#include "config/ucl/values.hpp"

namespace apiary::config::ucl {

class TreeBuilder {
public:
    TreeBuilder(TreeBuilder const&) = delete;
    auto operator=(TreeBuilder const&) -> TreeBuilder& = delete;

protected:
    explicit TreeBuilder(Document const& document)
        : document_{document},
          values_{document, out_.tree, [this](Position at, std::string text) { report(at, std::move(text)); }} {}
    ~TreeBuilder() = default;

    void report(Position at, std::string text) {
        out_.tree.failed = true;
        if (out_.errors.size() < most_syntax_errors) {
            out_.errors.emplace_back(at, std::move(text));
        }
    }
    void report(Node const& node, std::string text) { report(document_.place(node), std::move(text)); }

    Document const& document_;
    ReadSyntax out_;
    Values values_;
};

}  // namespace apiary::config::ucl
