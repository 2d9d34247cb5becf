#include "config/ucl/decode.hpp"

#include <algorithm>
#include <utility>

namespace apiary::config::ucl {
namespace {

constexpr std::size_t most_open = std::size_t{deepest_nesting} * (most_names + 1);
constexpr std::size_t longest_fault = 512;

class Decoder {
public:
    Decoder(std::string_view answer, std::size_t text_size) : rest_{answer}, text_size_{text_size} {}

    auto nodes() -> std::optional<std::vector<Node>> {
        std::vector<Node> nodes;
        while (!rest_.empty()) {
            Node node;
            if (!take(node) || !fits(node)) {
                return std::nullopt;
            }
            nodes.push_back(node);
        }
        return open_.empty() ? std::optional{std::move(nodes)} : std::nullopt;
    }

    auto fault() -> std::optional<TextFault> {
        TextFault fault;
        std::uint32_t at = 0;
        if (!number(at) || at > text_size_ || rest_.empty() || rest_.size() > longest_fault) {
            return std::nullopt;
        }
        fault.at = at;
        fault.text = rest_;
        std::replace_if(
            fault.text.begin(), fault.text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
        return fault;
    }

private:
    auto number(std::uint32_t& into) -> bool {
        if (rest_.size() < 4) {
            return false;
        }
        into = 0;
        for (unsigned i = 0; i < 4; ++i) {
            into |= std::uint32_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
        }
        rest_.remove_prefix(4);
        return true;
    }

    auto take(Node& node) -> bool {
        unsigned const head = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        node.kind = static_cast<NodeKind>(head & 3U);
        node.quoting = static_cast<Quoting>((head >> quoting_shift) & 3U);
        node.keyed = (head & keyed_bit) != 0;
        bool const plain = node.quoting == Quoting::bare;
        if (head >= 2 * keyed_bit || (node.kind != NodeKind::scalar && !plain)) {
            return false;
        }
        if (node.kind == NodeKind::end) {
            return !node.keyed;
        }
        return (!node.keyed || (number(node.key_at) && number(node.key_size))) && number(node.at) &&
               (node.kind != NodeKind::scalar || number(node.size));
    }

    // A part of the text behind all parts before it.
    auto claim(std::size_t at, std::size_t size) -> bool {
        if (at < used_ || at > text_size_ || size > text_size_ - at) {
            return false;
        }
        used_ = at + size;
        return true;
    }

    auto fits(Node const& node) -> bool {
        if (node.kind == NodeKind::end) {
            if (open_.empty()) {
                return false;
            }
            open_.pop_back();
            return true;
        }
        bool const in_object = open_.empty() || open_.back() == NodeKind::object;
        if (node.keyed != in_object || (node.keyed && (node.key_size == 0 || !claim(node.key_at, node.key_size))) ||
            !claim(node.at, node.size)) {
            return false;
        }
        if (node.kind == NodeKind::scalar) {
            return node.size > 0 || node.quoting != Quoting::bare;
        }
        open_.push_back(node.kind);
        return open_.size() <= most_open;
    }

    std::string_view rest_;
    std::size_t text_size_, used_ = 0;
    std::vector<NodeKind> open_;
};

}  // namespace

auto decode(std::string_view answer, std::size_t text_size)
    -> std::optional<std::variant<std::vector<Node>, TextFault>> {
    if (answer.empty() || answer.size() > largest_answer(text_size)) {
        return std::nullopt;
    }
    char const kind = answer.front();
    Decoder decoder{answer.substr(1), text_size};
    if (kind == answer_fault) {
        if (auto fault = decoder.fault()) {
            return std::move(*fault);
        }
    } else if (kind == answer_tree) {
        if (auto nodes = decoder.nodes()) {
            return std::move(*nodes);
        }
    }
    return std::nullopt;
}

}  // namespace apiary::config::ucl
