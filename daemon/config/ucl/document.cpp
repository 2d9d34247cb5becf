#include "config/ucl/document.hpp"

namespace apiary::config::ucl {

Document::Document(std::string_view text, std::vector<Node> nodes)
    : text_{text}, nodes_{std::move(nodes)}, after_(nodes_.size()), lines_{text} {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        after_[i] = i + 1;
        if (nodes_[i].kind == NodeKind::end) {
            after_[open.back()] = i + 1;
            open.pop_back();
        } else if (nodes_[i].kind != NodeKind::scalar) {
            open.push_back(i);
        }
    }
}

auto Document::place(Node const& node) const -> Position {
    if (!node.keyed) {
        return value_place(node);
    }
    bool const quoted = node.key_at > 0 && text_[node.key_at - 1] == '"';
    return position(node.key_at - (quoted ? 1 : 0));
}

auto Document::value_place(Node const& node) const -> Position {
    bool const quoted = node.quoting == Quoting::doubled || node.quoting == Quoting::single;
    return position(node.at - (quoted && node.at > 0 ? 1 : 0));
}

}  // namespace apiary::config::ucl
