#include "config/ucl/child/judge.hpp"

#include <ucl.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace apiary::config::ucl {
namespace {

struct FreeParser {
    void operator()(ucl_parser* parser) const { ucl_parser_free(parser); }
};
struct Unreference {
    void operator()(ucl_object_t* object) const { ucl_object_unref(object); }
};

// Macros read files and run half a language: nothing of them is needed, and all of libucl's known faults with hostile
// texts are in them. Positions come from the values pointing into the text.
constexpr int flags = UCL_PARSER_ZEROCOPY | UCL_PARSER_NO_TIME | UCL_PARSER_DISABLE_MACRO | UCL_PARSER_NO_FILEVARS;

auto offset_of(std::string_view text, std::size_t line, std::size_t column) -> std::size_t {
    std::size_t start = 0;
    for (std::size_t i = 1; i < line; ++i) {
        auto const end = text.find('\n', start);
        if (end == std::string_view::npos) {
            break;
        }
        start = end + 1;
    }
    auto const end = std::min(text.find('\n', start), text.size());
    return std::min(start + column, end);
}

// "error while parsing <unknown>: line: 3, column: 4 - 'what', character: 'x'": the position is told apart.
auto error_of(ucl_parser* parser) -> std::string {
    char const* const said = ucl_parser_get_error(parser);
    if (said == nullptr) {
        return "this is not UCL";
    }
    std::string_view text{said};
    auto const opening = text.find(" - '");
    auto const closing = text.find("', character: ");
    if (opening != std::string_view::npos && closing != std::string_view::npos && opening + 4 <= closing) {
        text = text.substr(opening + 4, closing - opening - 4);
    } else if (auto const colon = text.find(">: "); colon != std::string_view::npos) {
        text.remove_prefix(colon + 3);
    }
    constexpr std::size_t longest = 300;
    return std::string{text.substr(0, longest)};
}

class Comparison {
public:
    Comparison(std::string const& text, std::vector<Node> const& nodes) : text_{text}, nodes_{nodes} {
        after_.resize(nodes.size());
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            after_[i] = i + 1;
            if (nodes[i].kind == NodeKind::end && !open.empty()) {
                after_[open.back()] = i + 1;
                open.pop_back();
            } else if (nodes[i].kind == NodeKind::object || nodes[i].kind == NodeKind::array) {
                open.push_back(i);
            }
            if (nodes[i].keyed) {
                keyed_.push_back(i);
            }
        }
    }

    auto run(ucl_object_t const* top) -> std::optional<Fault> {
        if (ucl_object_type(top) != UCL_OBJECT || !members(top)) {
            return fault_;
        }
        if (seen_ != keyed_.size()) {
            return Fault{0, "this text cannot be told apart for sure: is a name or value in it that needs quotes?"};
        }
        return std::nullopt;
    }

private:
    auto differ(std::size_t at) -> bool {
        fault_ = {at, "what this means cannot be told for sure: put it into quotes, on the line of its name"};
        return false;
    }

    // Its offset in the text; nothing: it is a copy.
    auto offset(char const* where) const -> std::optional<std::size_t> {
        auto const begin = reinterpret_cast<std::uintptr_t>(text_.data());
        auto const address = reinterpret_cast<std::uintptr_t>(where);
        if (address < begin || address - begin > text_.size()) {
            return std::nullopt;
        }
        return address - begin;
    }

    auto members(ucl_object_t const* object) -> bool {
        ucl_object_iter_t iterator = nullptr;
        while (ucl_object_t const* head = ucl_object_iterate(object, &iterator, true)) {
            // A name that stands there again follows its first one in a chain.
            for (ucl_object_t const* one = head; one != nullptr; one = one->next) {
                if (!member(one)) {
                    return false;
                }
            }
        }
        return true;
    }

    auto member(ucl_object_t const* object) -> bool {
        auto const at = object->key != nullptr ? offset(object->key) : std::nullopt;
        if (!at) {
            return differ(0);
        }
        auto const found = std::lower_bound(keyed_.begin(), keyed_.end(), *at, [&](std::size_t index, std::size_t key) {
            return nodes_[index].key_at < key;
        });
        if (found == keyed_.end() || nodes_[*found].key_at != *at || nodes_[*found].key_size != object->keylen) {
            return differ(*at);
        }
        ++seen_;
        return same(object, *found);
    }

    auto same(ucl_object_t const* object, std::size_t index) -> bool {
        Node const& node = nodes_[index];
        switch (ucl_object_type(object)) {
            case UCL_OBJECT:
                return node.kind == NodeKind::object ? members(object) : differ(node.at);
            case UCL_ARRAY:
                return node.kind == NodeKind::array ? elements(object, index) : differ(node.at);
            case UCL_STRING:
                return node.kind == NodeKind::scalar && same_text(object, node) ? true : differ(node.at);
            case UCL_USERDATA:
                return differ(node.at);
            default:  // numbers and words: not how they are read, but how they are written is wanted
                return node.kind == NodeKind::scalar && node.quoting == Quoting::bare ? true : differ(node.at);
        }
    }

    // Only what has a backslash in it is a copy.
    auto same_text(ucl_object_t const* object, Node const& node) const -> bool {
        if (auto const at = offset(object->value.sv)) {
            return *at == node.at && object->len == node.size;
        }
        return std::string_view{text_}.substr(node.at, node.size).find('\\') != std::string_view::npos;
    }

    auto elements(ucl_object_t const* array, std::size_t index) -> bool {
        std::size_t child = index + 1;
        std::size_t const end = after_[index] - 1;
        ucl_object_iter_t iterator = nullptr;
        while (ucl_object_t const* element = ucl_object_iterate(array, &iterator, true)) {
            if (child >= end || !same(element, child)) {
                return child >= end ? differ(nodes_[index].at) : false;
            }
            child = after_[child];
        }
        return child == end || differ(nodes_[child].at);
    }

    std::string const& text_;
    std::vector<Node> const& nodes_;
    std::vector<std::size_t> keyed_, after_;
    std::size_t seen_ = 0;
    std::optional<Fault> fault_;
};

}  // namespace

auto judge(std::string const& text, std::vector<Node> const& nodes, std::optional<Fault> const& scanned)
    -> std::optional<Fault> {
    std::unique_ptr<ucl_parser, FreeParser> const parser{ucl_parser_new(flags)};
    if (!parser) {
        return Fault{0, "out of memory"};
    }
    // By name, not by guess: libucl takes some first bytes for a sign of other formats.
    bool const good = ucl_parser_add_chunk_full(parser.get(), reinterpret_cast<unsigned char const*>(text.c_str()),
                                                text.size(), 0, UCL_DUPLICATE_APPEND, UCL_PARSE_UCL);
    if (scanned) {
        return scanned;
    }
    if (!good) {
        auto const at = offset_of(text, ucl_parser_get_linenum(parser.get()), ucl_parser_get_column(parser.get()));
        return Fault{at, error_of(parser.get())};
    }
    std::unique_ptr<ucl_object_t, Unreference> const top{ucl_parser_get_object(parser.get())};
    if (!top) {
        return nodes.empty() ? std::nullopt : std::optional{Fault{0, "libucl finds nothing in this text"}};
    }
    return Comparison{text, nodes}.run(top.get());
}

}  // namespace apiary::config::ucl
