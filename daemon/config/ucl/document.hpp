// A UCL text with the parts that were found in it, to walk over.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/token.hpp"
#include "config/ucl/lines.hpp"
#include "config/ucl/stream.hpp"

namespace apiary::config::ucl {

class Document {
public:
    // `text` must stay where it is.
    Document(std::string_view text, std::vector<Node> nodes);

    [[nodiscard]] auto text() const -> std::string_view { return text_; }
    [[nodiscard]] auto node(std::size_t index) const -> Node const& { return nodes_[index]; }
    [[nodiscard]] auto key(Node const& node) const -> std::string_view {
        return text_.substr(node.key_at, node.key_size);
    }
    [[nodiscard]] auto raw(Node const& node) const -> std::string_view { return text_.substr(node.at, node.size); }

    [[nodiscard]] auto position(std::size_t offset) const -> Position { return lines_.position(offset); }
    // Of the name; of an element: of the value.
    [[nodiscard]] auto place(Node const& node) const -> Position;
    // Of the value, with its quotes.
    [[nodiscard]] auto value_place(Node const& node) const -> Position;

    // The nodes directly in the object or array at `index`, or in the file. `visit` gets the index of each.
    template <typename Visit>
    void children(std::size_t index, Visit const& visit) const {
        walk(index + 1, visit);
    }
    template <typename Visit>
    void all(Visit const& visit) const {
        walk(0, visit);
    }

private:
    template <typename Visit>
    void walk(std::size_t from, Visit const& visit) const {
        for (std::size_t i = from; i < nodes_.size() && nodes_[i].kind != NodeKind::end; i = after_[i]) {
            visit(i);
        }
    }

    std::string_view text_;
    std::vector<Node> nodes_;
    std::vector<std::size_t> after_;  // the node behind the whole of this one
    Lines lines_;
};

}  // namespace apiary::config::ucl
